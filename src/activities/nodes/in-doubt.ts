import { setTimeout as sleep } from 'node:timers/promises';
import type { Db } from '../../citus/session/connect.js';
import { runOnNodes } from '../../citus/nodes/node-settings.js';
import { passing } from '../../failures.js';

/** A prepared transaction, by the name that Citus gave it, and where it is. */
export interface InDoubt {
  node: string;
  gid: string;
}

/**
 * Transactions that a worker began and has left prepared, on the coordinator or on these workers. One that is being
 * committed is prepared for a moment too: only who is still there a second later is told.
 */
export async function inDoubtOf(db: Db, workers: string[], groupId: number): Promise<InDoubt[]> {
  const first = await readInDoubt(db, workers, groupId);
  if (first.length === 0) return [];
  await sleep(1_000);
  const before = new Set(first.map(({ node, gid }) => `${node} ${gid}`));
  const again = await readInDoubt(db, workers, groupId);
  return again.filter(({ node, gid }) => before.has(`${node} ${gid}`));
}

async function readInDoubt(db: Db, workers: string[], groupId: number): Promise<InDoubt[]> {
  const command = `select coalesce(json_agg(gid order by gid), '[]')::text as gids from pg_prepared_xacts
    where gid ~ '^citus_${groupId}_' and database = current_database()`;
  const [local] = await db.query<{ gids: string }>(command);
  const remote = await runOnNodes(
    db,
    workers.map((node) => ({ node, command })),
  );
  const silentNode = remote.find(({ success }) => !success);
  if (silentNode) throw passing(`${silentNode.node} does not answer: ${silentNode.result}`);
  return [
    { node: 'the coordinator', gids: local?.gids ?? '[]' },
    ...remote.map(({ node, result }) => ({ node, gids: result })),
  ].flatMap(({ node, gids }) => (JSON.parse(gids) as string[]).map((gid) => ({ node, gid })));
}
