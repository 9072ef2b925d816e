import type { InspectInput, OperationInputs } from './schema/inputs.js';
import type { OperationType } from './operations.js';

export type { InspectInput, OperationInputs };

/** Input of `scaleOut`. */
export type ScaleOutInput = OperationInputs['scaleOut'];
/** Input of `rebalance`. */
export type RebalanceInput = OperationInputs['rebalance'];
/** Input of `drainWorker`. */
export type DrainWorkerInput = OperationInputs['drainWorker'];
/** Input of `removeWorker`. */
export type RemoveWorkerInput = OperationInputs['removeWorker'];
/** Input of `emergencyRemoveWorker`. */
export type EmergencyRemoveWorkerInput = OperationInputs['emergencyRemoveWorker'];
/** Input of `isolateWorker`. */
export type IsolateWorkerInput = OperationInputs['isolateWorker'];
/** Input of `replaceWorker`. */
export type ReplaceWorkerInput = OperationInputs['replaceWorker'];
/** Input of `salvageWorker`. */
export type SalvageWorkerInput = OperationInputs['salvageWorker'];
/** Input of `cleanUp`. */
export type CleanUpInput = OperationInputs['cleanUp'];

/** Input of any operation. */
export type OperationInput = OperationInputs[OperationType];

/** The cluster that an input names, which may be anything yet: no schema has seen it. */
export function clusterIn(input: unknown): string | undefined {
  const cluster =
    typeof input === 'object' && input !== null && 'cluster' in input ? input.cluster : undefined;
  return typeof cluster === 'string' ? cluster : undefined;
}

/** Fields that every operation takes. */
export type CommonInput = Pick<
  ScaleOutInput,
  | 'cluster'
  | 'transferMode'
  | 'maxWriteStall'
  | 'parallelMoves'
  | 'approval'
  | 'window'
  | 'dryRun'
  | 'ifBusy'
  | 'acceptChecks'
  | 'reason'
  | 'requestedBy'
>;
