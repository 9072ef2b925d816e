import type { Db } from '../session/db.js';

/** The constraint by which an empty table that stands for a lost shard refuses rows, and is known. */
export const standInConstraint = 'lost_data_not_yet_rebuilt';

/** Shards that were given up and lie at the coordinator, empty, until they are made anew on a worker. */
export async function readStandIns(db: Db): Promise<number[]> {
  const rows = await db.query<{ id: number }>(
    // A table of a shard is left out of pg_class for most sessions; its name isn't.
    `SELECT p.shardid AS id
       FROM pg_constraint k
       JOIN pg_dist_placement p
         ON p.shardid = substring(k.conrelid::regclass::text FROM '_(\\d+)"?$')::bigint AND p.groupid = 0
      WHERE k.conname = $1 ORDER BY 1`,
    [standInConstraint],
  );
  return rows.map(({ id }) => id);
}
