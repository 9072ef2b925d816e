import type {
  CleanUpInput,
  DrainWorkerInput,
  InspectInput,
  RebalanceInput,
  RemoveWorkerInput,
  ScaleOutInput,
} from './schema/inputs.js';
import type { OperationType } from './names.js';

export type {
  CleanUpInput,
  DrainWorkerInput,
  InspectInput,
  RebalanceInput,
  RemoveWorkerInput,
  ScaleOutInput,
};

/** The input of each operation, by workflow type. */
export interface OperationInputs {
  scaleOut: ScaleOutInput;
  rebalance: RebalanceInput;
  drainWorker: DrainWorkerInput;
  removeWorker: RemoveWorkerInput;
  cleanUp: CleanUpInput;
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
