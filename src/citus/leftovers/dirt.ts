import type { Db } from '../session/db.js';

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

/** Reads the signs of an earlier cluster. Citus shows its shard tables to the session from then on. */
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
