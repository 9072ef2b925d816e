import { runOnNodes } from '../nodes/node-settings.js';
import type { Db } from '../session/db.js';
import { literal } from '../session/quote.js';

/** Forgets what Citus means to clean up in node groups that are gone. Their numbers are never given again. */
export async function deleteCleanupRows(db: Db, groupIds: readonly number[]): Promise<void> {
  await db.query('DELETE FROM pg_dist_cleanup WHERE node_group_id = ANY ($1)', [groupIds]);
}

/**
 * Rolls a prepared transaction back where it is, or finds it gone.
 *
 * @param at `host:port` of a worker, or `the coordinator`
 */
export async function rollBackPrepared(db: Db, { node, gid }: { node: string; gid: string }): Promise<void> {
  const command = `ROLLBACK PREPARED ${literal(gid)}`;
  if (node === 'the coordinator') {
    await db
      .query(command)
      .catch((error: unknown) => ignoreGone(error instanceof Error ? error.message : ''));
    return;
  }
  const [answer] = await runOnNodes(db, [{ node, command }]);
  if (answer?.success !== true) ignoreGone(answer?.result ?? 'no answer');
}

function ignoreGone(message: string): void {
  if (!message.includes('does not exist')) throw new Error(message);
}
