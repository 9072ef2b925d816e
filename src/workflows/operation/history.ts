import { ApplicationFailure, workflowInfo } from '@temporalio/workflow';
import { does, type ErrorType, type Remedy } from '../../contract/index.js';
import { limitsOf } from '../../contract/internal/limits.js';
import type { OperationRequest } from '../../contract/internal/request.js';
import { startAgain } from '../../contract/internal/start-again.js';
import { refused } from '../../failures.js';
import { formatBytes } from '../../text/figures.js';
import type { Status } from './status.js';

const type: ErrorType = 'HistoryFull';

/**
 * Whether the history has room for ending the operation only. Everything is an event of it: rounds, batches, windows,
 * parks and what activities tell. Temporal ends a workflow that has too many, in the middle of whatever it does. To go on
 * as new is no way out: Temporal then cancels the lock keeper.
 */
export function isHistoryFull({ request }: Status): boolean {
  const { historyEvents, historyBytes } = limitsOf(request);
  const { historyLength, historySize } = workflowInfo();
  return historyLength >= historyEvents || historySize >= historyBytes;
}

/** The failure of an operation that ends because its history is full; `left` says what remains. */
export function historyFull({ request, view, moved }: Status, left: string): ApplicationFailure {
  const { historyLength, historySize } = workflowInfo();
  const { movesTotal = 0 } = view.plan ?? {};
  return refused(type, `the operation became too long for Temporal and stopped: ${left}`, {
    cluster: view.cluster,
    evidence: [
      `its history has ${historyLength} events and ${formatBytes(historySize)}; Temporal would end it at 51,200 or 50 MB`,
      `${moved.shardGroups} of ${movesTotal} shard groups of the plan were moved, and stay where they are`,
    ],
    remedies: request ? [goOn(request)] : [],
  });
}

/** Whether it is that failure. */
export function isHistoryFullFailure(error: unknown): boolean {
  return error instanceof ApplicationFailure && error.type === type;
}

/** The workers of a scale-out stay: started again, it might add as many once more. */
function goOn(request: OperationRequest): Remedy {
  const text = 'start again: it does what is left';
  return request.type === 'scaleOut'
    ? does('rebalance', 'move the rest to the new workers', { cluster: request.cluster })
    : startAgain(request, text);
}
