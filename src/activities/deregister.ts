import { sleep } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { Db } from '../citus/connect.js';
import { runOnNodes } from '../citus/node-settings.js';
import { cleanUpDeferred, removeNode } from '../citus/registration.js';
import { passing } from './classify.js';

/** Seconds that Citus gets to drop what it put off: moved shards, 15 s after their move. */
const deferredSeconds = 60;

/**
 * Takes an empty worker out of the cluster, together with its copy of the metadata.
 *
 * @returns what a person should know about the server, if anything
 */
export async function deregister(
  db: Db,
  node: string,
  { groupId }: { groupId: number },
): Promise<string | undefined> {
  // A row left behind would poison the server for a later return (measured, docs/citus.md).
  for (let tries = 0; (await cleanUpDeferred(db, groupId)) > 0; tries += 1) {
    if (tries === deferredSeconds) {
      throw ApplicationFailure.create({
        type: passing,
        message: `leftovers on ${node} can't be cleaned up yet (pg_dist_cleanup, group ${groupId})`,
        nonRetryable: false,
        details: [
          {
            evidence: [
              `pg_dist_cleanup still names group ${groupId}: its server would be poisoned for a return`,
            ],
            remedies: [
              'end old transactions that hold the tables it names; it goes on by itself',
              'CALL citus_cleanup_orphaned_resources() warns of what it can’t drop',
            ],
          },
        ],
      });
    }
    await sleep(1_000);
  }
  await removeNode(db, node);
  return stillKnows(db, node);
}

/** Whoever connects to a server that still has the metadata writes into the cluster. */
export async function stillKnows(db: Db, node: string): Promise<string | undefined> {
  const [answer] = await runOnNodes(db, [{ node, command: 'select count(*) from pg_dist_node' }]);
  const remedy = 'drop its database before it is used again: who connects to it could write into the cluster';
  if (!answer?.success) return `${node} did not answer and may still know the cluster; ${remedy}`;
  return answer.result === '0' ? undefined : `${node} still knows the cluster; ${remedy}`;
}
