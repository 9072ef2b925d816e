import type {
  DrainWorkerInput,
  InspectInput,
  RebalanceInput,
  RemoveWorkerInput,
  ScaleOutInput,
} from './schema/inputs.js';
import type { OperationType } from './names.js';

export type { DrainWorkerInput, InspectInput, RebalanceInput, RemoveWorkerInput, ScaleOutInput };

/** The input of each operation, by workflow type. */
export interface OperationInputs {
  scaleOut: ScaleOutInput;
  rebalance: RebalanceInput;
  drainWorker: DrainWorkerInput;
  removeWorker: RemoveWorkerInput;
}

export type OperationInput = OperationInputs[OperationType];

/** Fields that every operation takes. */
export type CommonInput = Pick<
  ScaleOutInput,
  | 'cluster'
  | 'transferMode'
  | 'parallelMoves'
  | 'approval'
  | 'window'
  | 'dryRun'
  | 'ifBusy'
  | 'acceptChecks'
  | 'reason'
  | 'requestedBy'
>;
