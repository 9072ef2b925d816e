import type { Db } from '../session/db.js';

/**
 * Distributed tables that `auto` can't move online: neither a primary key nor another replica identity. Parents
 * of partitions that are distributed themselves hold no rows and don't count.
 */
export async function readTablesWithoutIdentity(db: Db): Promise<string[]> {
  const rows = await db.query<{ name: string }>(`
    SELECT t.logicalrelid::regclass::text AS name
      FROM pg_catalog.pg_dist_partition t JOIN pg_catalog.pg_class c ON c.oid = t.logicalrelid
     WHERE NOT (t.partmethod = 'n' AND t.colocationid = 0) AND t.repmodel IN ('s', 't') 
       AND (c.relkind = 'r' OR (c.relkind = 'p' AND NOT EXISTS (
             SELECT FROM pg_catalog.pg_inherits i WHERE i.inhparent = c.oid AND i.inhrelid IN (SELECT logicalrelid FROM pg_catalog.pg_dist_partition))
             AND EXISTS (SELECT FROM pg_catalog.pg_inherits i WHERE i.inhparent = c.oid)))
       AND NOT (c.relreplident = 'f'
             OR (c.relreplident = 'd' AND EXISTS (SELECT FROM pg_catalog.pg_index i WHERE i.indrelid = c.oid AND i.indisprimary))
             OR (c.relreplident = 'i' AND EXISTS (SELECT FROM pg_catalog.pg_index i WHERE i.indrelid = c.oid AND i.indisreplident)))
     ORDER BY 1`);
  return rows.map(({ name }) => name);
}

/** The tables that are special to moves. */
export interface TableTraits {
  /** Without WAL: logical replication can't carry them (`cannot add relation to publication`), whatever the mode says. */
  unlogged: string[];
  /** With several placements of a shard (replication factor above 1): not moved by us. */
  replicated: string[];
}

/** Distributed tables that are special to moves. */
export async function readTableTraits(db: Db): Promise<TableTraits> {
  const [row] = await db.query<TableTraits>(`
    SELECT coalesce(array_agg(t.logicalrelid::regclass::text ORDER BY 1) FILTER (WHERE c.relpersistence = 'u'), '{}') AS unlogged,
           coalesce(array_agg(t.logicalrelid::regclass::text ORDER BY 1) FILTER (WHERE t.repmodel <> 't' AND t.logicalrelid IN (
             SELECT s.logicalrelid FROM pg_catalog.pg_dist_shard s JOIN pg_catalog.pg_dist_placement p USING (shardid)
              WHERE p.shardstate = 1 GROUP BY s.shardid, s.logicalrelid HAVING count(*) > 1)), '{}') AS replicated
      FROM pg_catalog.pg_dist_partition t JOIN pg_catalog.pg_class c ON c.oid = t.logicalrelid
     WHERE NOT (t.partmethod = 'n' AND t.repmodel <> 't' AND t.colocationid = 0)`);
  return row ?? { unlogged: [], replicated: [] };
}
