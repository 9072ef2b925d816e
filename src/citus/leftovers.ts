import type { Db } from './db.js';

export interface CleanupRecords {
  /** Rows that name a node group which is no longer in the cluster: they never succeed, and block moves of their shard. */
  lost: number;
  /** What some of them would drop, with the group. */
  examples: string[];
  /** Other rows: dropping moved shards is put off for about 15 s. */
  deferred: number;
}

export async function readCleanupRecords(db: Db): Promise<CleanupRecords> {
  const [has] = await db.query<{ has: boolean }>(
    `SELECT to_regclass('pg_catalog.pg_dist_cleanup') IS NOT NULL AS has`,
  );
  if (!has?.has) return { lost: 0, examples: [], deferred: 0 }; // Citus before 11.2
  const [row] = await db.query<CleanupRecords>(`
    SELECT count(*) FILTER (WHERE n.groupid IS NULL)::int AS lost,
           count(*) FILTER (WHERE n.groupid IS NOT NULL)::int AS deferred,
           coalesce((array_agg(c.object_name || ' of group ' || c.node_group_id ORDER BY c.record_id)
                     FILTER (WHERE n.groupid IS NULL))[1:5], '{}') AS examples
      FROM pg_catalog.pg_dist_cleanup c
      LEFT JOIN (SELECT DISTINCT groupid FROM pg_catalog.pg_dist_node) n ON n.groupid = c.node_group_id`);
  return row ?? { lost: 0, examples: [], deferred: 0 };
}

/** Signs of an earlier time in a cluster, on the server connected to. */
export interface Dirt {
  /** Tables that are named like a shard; Citus hides them from `pg_class` unless told otherwise. */
  tables: number;
  example: string | null;
  /** Nodes that it knows. */
  nodes: number;
  /** Subscriptions of moves: they retry every 5 s for ever. */
  subscriptions: string[];
}

export async function readDirt(db: Db): Promise<Dirt> {
  await db.query(`SELECT set_config('citus.override_table_visibility', 'off', false)`);
  const [row] = await db.query<Dirt>(`
    SELECT count(*)::int AS tables, min(relname::text) AS example,
           (SELECT count(*)::int FROM pg_catalog.pg_dist_node) AS nodes,
           (SELECT coalesce(array_agg(subname::text ORDER BY subname), '{}') FROM pg_catalog.pg_subscription
             WHERE subname ~ '^citus_shard_(move|split)_'
               AND subdbid = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())) AS subscriptions
      FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'p') AND c.relname ~ '_[1-9][0-9]{5,}$' AND n.nspname NOT IN ('pg_catalog', 'information_schema')`);
  return row ?? { tables: 0, example: null, nodes: 0, subscriptions: [] };
}
