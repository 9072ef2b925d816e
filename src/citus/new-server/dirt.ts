import { addressSql } from '../session/address-sql.js';
import type { Db } from '../session/db.js';

/** A node that a server's copy of some cluster's metadata names. */
export interface Member {
  nodeId: number;
  groupId: number;
  /** `host:port` */
  node: string;
}

/** Signs of a cluster, of now or of an earlier time, on the server connected to. */
export interface Dirt {
  /** Tables that are named like a shard; Citus hides them from `pg_class` unless told otherwise. */
  tables: number;
  example: string | null;
  /** Nodes that it knows. */
  members: Member[];
  /** Tables that it has shards of on record: distributed, reference and Citus local ones. */
  citusTables: number;
  /** Shards that its own metadata places on itself, copies of reference tables left out. */
  ownShards: number;
  /** Subscriptions of moves: they retry every 5 s for ever. */
  subscriptions: string[];
}

/** Reads the signs of a cluster. Citus shows its shard tables to the session from then on. */
export async function readDirt(db: Db): Promise<Dirt> {
  await db.query(`SELECT set_config('citus.override_table_visibility', 'off', false)`);
  const [row] = await db.query<Dirt>(`
    SELECT count(*)::int AS tables, min(relname::text) AS example,
           (SELECT coalesce(json_agg(m), '[]') FROM (SELECT nodeid AS "nodeId", groupid AS "groupId", ${addressSql()} AS node
              FROM pg_catalog.pg_dist_node ORDER BY groupid, nodeid) m) AS members,
           (SELECT count(*)::int FROM pg_catalog.pg_dist_partition) AS "citusTables",
           (SELECT count(*)::int FROM pg_catalog.pg_dist_placement p JOIN pg_catalog.pg_dist_local_group g USING (groupid)
              JOIN pg_catalog.pg_dist_shard s USING (shardid) JOIN pg_catalog.pg_dist_partition t USING (logicalrelid)
             WHERE g.groupid <> 0 AND NOT (t.partmethod = 'n' AND t.repmodel = 't')) AS "ownShards",
           (SELECT coalesce(array_agg(subname::text ORDER BY subname), '{}') FROM pg_catalog.pg_subscription
             WHERE subname ~ '^citus_shard_(move|split)_'
               AND subdbid = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())) AS subscriptions
      FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'p') AND c.relname ~ '_[1-9][0-9]{5,}$' AND n.nspname NOT IN ('pg_catalog', 'information_schema')`);
  return row ?? { tables: 0, example: null, members: [], citusTables: 0, ownShards: 0, subscriptions: [] };
}
