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
  const first = await look(db, workers, groupId);
  if (first.length === 0) return [];
  await sleep(1_000);
  const before = new Set(first.map(({ node, gid }) => `${node} ${gid}`));
  const again = await look(db, workers, groupId);
  return again.filter(({ node, gid }) => before.has(`${node} ${gid}`));
}

async function look(db: Db, workers: string[], groupId: number): Promise<InDoubt[]> {
  const command = `select coalesce(json_agg(gid order by gid), '[]')::text as gids from pg_prepared_xacts
    where gid ~ '^citus_${groupId}_' and database = current_database()`;
  const [here] = await db.query<{ gids: string }>(command);
  const there = await runOnNodes(
    db,
    workers.map((node) => ({ node, command })),
  );
  const silent = there.find(({ success }) => !success);
  if (silent) throw passing(`${silent.node} does not answer: ${silent.result}`);
  return [
    { node: 'the coordinator', gids: here?.gids ?? '[]' },
    ...there.map(({ node, result }) => ({ node, gids: result })),
  ].flatMap(({ node, gids }) => (JSON.parse(gids) as string[]).map((gid) => ({ node, gid })));
}
