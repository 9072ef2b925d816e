import type { Client } from '@temporalio/client';
import { does, taskQueue, type Advice } from '../../contract/index.js';
import { UnreachableError } from '../errors.js';
import { within, type Target } from './grpc.js';

/**
 * A worker polls anew at least once a minute, and one that was killed is often back within another: one that was last
 * seen longer ago than this is gone. Temporal itself forgets it after five minutes.
 */
const goneAfterMs = 125_000;

/** How many workers poll the (workflow) task queue, as far as Temporal knows: a dead one counts for two minutes more. */
export async function countWorkers(client: Client, target: Target, now = Date.now()): Promise<number> {
  const answer = await within(client.connection, target, () =>
    client.workflowService.describeTaskQueue({
      namespace: target.namespace,
      taskQueue: { name: taskQueue },
    }),
  );
  const alive = answer.pollers.filter((poller) => {
    const lastPollAt = Number(poller.lastAccessTime?.seconds) * 1_000;
    return now - lastPollAt < goneAfterMs;
  });
  return alive.length;
}

/** The error of a task queue that no worker answers on. */
export function noWorker(
  evidence: string,
  remedies: Advice[] = [],
  passes: UnreachableError['passes'] = 'likely',
): UnreachableError {
  const details = { evidence: [evidence], remedies: [does('worker', 'start one'), ...remedies] };
  const message = `No worker answers on task queue ${taskQueue}.`;
  return new UnreachableError('worker', message, details, undefined, passes);
}
