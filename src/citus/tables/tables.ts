import type { Db } from '../session/db.js';

/** A table that `auto` can't move online, and why. */
export interface TableWithoutIdentity {
  /** As SQL spells it. */
  name: string;
  /** In words that follow the name: `has no primary key`. */
  why: string;
}

/**
 * Distributed tables that `auto` can't move online, however they are distributed: without a primary key or another
 * replica identity that Citus takes (measured, docs/citus.md). Parents of partitions that are distributed themselves
 * hold no rows and don't count.
 */
export async function readTablesWithoutIdentity(db: Db): Promise<TableWithoutIdentity[]> {
  return db.query<TableWithoutIdentity>(`
    SELECT t.logicalrelid::regclass::text AS name,
           CASE c.relreplident
             WHEN 'n' THEN 'has REPLICA IDENTITY NOTHING'
             WHEN 'i' THEN 'has lost the index of its replica identity'
             ELSE CASE WHEN p.indexrelid IS NULL THEN 'has no primary key' ELSE 'has a DEFERRABLE primary key' END
           END AS why
      FROM pg_catalog.pg_dist_partition t JOIN pg_catalog.pg_class c ON c.oid = t.logicalrelid
      LEFT JOIN pg_catalog.pg_index p ON p.indrelid = c.oid AND p.indisprimary
      LEFT JOIN pg_catalog.pg_index r ON r.indrelid = c.oid AND r.indisreplident
     WHERE NOT (t.partmethod = 'n' AND t.colocationid = 0)
       AND (c.relkind = 'r' OR (c.relkind = 'p' AND NOT EXISTS (
             SELECT FROM pg_catalog.pg_inherits i WHERE i.inhparent = c.oid AND i.inhrelid IN (SELECT logicalrelid FROM pg_catalog.pg_dist_partition))
             AND EXISTS (SELECT FROM pg_catalog.pg_inherits i WHERE i.inhparent = c.oid)))
       AND NOT CASE c.relreplident WHEN 'f' THEN true WHEN 'd' THEN coalesce(p.indimmediate, false)
                                   WHEN 'i' THEN r.indexrelid IS NOT NULL ELSE false END
     ORDER BY 1`);
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
