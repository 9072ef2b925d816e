import type { InspectInput, OperationInputs } from './schema/inputs.js';
import type { OperationType } from './operations.js';

export type { InspectInput, OperationInputs };

export type ScaleOutInput = OperationInputs['scaleOut'];
export type RebalanceInput = OperationInputs['rebalance'];
export type DrainWorkerInput = OperationInputs['drainWorker'];
export type RemoveWorkerInput = OperationInputs['removeWorker'];
export type CleanUpInput = OperationInputs['cleanUp'];

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
  | 'parallelMoves'
  | 'approval'
  | 'window'
  | 'dryRun'
  | 'ifBusy'
  | 'acceptChecks'
  | 'reason'
  | 'requestedBy'
>;
