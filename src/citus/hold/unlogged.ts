import type { Db } from '../session/db.js';

/** Unlogged tables that have shards in a node group. A standby has such tables, and no row of theirs (measured, docs/citus.md). */
export async function readUnlogged(db: Db, groupId: number): Promise<string[]> {
  const rows = await db.query<{ name: string }>(
    `SELECT DISTINCT s.logicalrelid::regclass::text AS name
       FROM pg_dist_placement p JOIN pg_dist_shard s USING (shardid) JOIN pg_class c ON c.oid = s.logicalrelid
      WHERE p.groupid = $1 AND c.relpersistence = 'u' ORDER BY 1`,
    [groupId],
  );
  return rows.map(({ name }) => name);
}
