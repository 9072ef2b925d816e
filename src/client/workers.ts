import type { Client } from '@temporalio/client';
import { does, taskQueue, type Advice } from '../contract/index.js';
import { UnreachableError } from './errors.js';
import { within, type Target } from './grpc.js';

/** A worker polls anew at least once a minute, so one that was last seen longer ago than this is gone. */
const goneAfterMs = 75_000;

/** How many workers poll the (workflow) task queue, as far as Temporal knows: it remembers a dead one for about a minute. */
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

export function noWorker(evidence: string, remedies: Advice[] = []): UnreachableError {
  return new UnreachableError('worker', `No worker answers on task queue ${taskQueue}.`, {
    evidence: [evidence],
    remedies: [does('worker', 'start one'), ...remedies],
  });
}
