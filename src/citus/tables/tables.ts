import type { Db } from '../session/db.js';

/** Reads the distributed tables with several placements of a shard (replication factor above 1): not moved by us. */
export async function readReplicatedTables(db: Db): Promise<string[]> {
  const rows = await db.query<{ name: string }>(`
    SELECT t.logicalrelid::regclass::text AS name FROM pg_catalog.pg_dist_partition t
     WHERE t.repmodel <> 't' AND NOT (t.partmethod = 'n' AND t.colocationid = 0) AND t.logicalrelid IN (
           SELECT s.logicalrelid FROM pg_catalog.pg_dist_shard s JOIN pg_catalog.pg_dist_placement p USING (shardid)
            WHERE p.shardstate = 1 GROUP BY s.shardid, s.logicalrelid HAVING count(*) > 1)
     ORDER BY 1`);
  return rows.map(({ name }) => name);
}
