import type { Db } from './db.js';

export interface CleanupRecords {
  /** Rows that name a node group which is no longer in the cluster: they never succeed. */
  lost: number;
  /** Other rows: dropping moved shards is put off for about 15 s. */
  deferred: number;
}

export async function readCleanupRecords(db: Db): Promise<CleanupRecords> {
  const [row] = await db.query<CleanupRecords>(`
    SELECT count(*) FILTER (WHERE n.groupid IS NULL)::int AS lost, count(*) FILTER (WHERE n.groupid IS NOT NULL)::int AS deferred
      FROM pg_catalog.pg_dist_cleanup c
      LEFT JOIN (SELECT DISTINCT groupid FROM pg_catalog.pg_dist_node) n ON n.groupid = c.node_group_id`);
  return row ?? { lost: 0, deferred: 0 };
}

/** Tables on the server connected to that look like shards, and nodes that it knows: signs of an earlier cluster. */
export async function readDirt(db: Db): Promise<{ tables: number; example: string | null; nodes: number }> {
  await db.query(`SELECT set_config('citus.override_table_visibility', 'off', false)`);
  const [row] = await db.query<{ tables: number; example: string | null; nodes: number }>(`
    SELECT count(*)::int AS tables, min(relname::text) AS example, (SELECT count(*)::int FROM pg_catalog.pg_dist_node) AS nodes
      FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'p') AND c.relname ~ '_[1-9][0-9]{5,}$' AND n.nspname NOT IN ('pg_catalog', 'information_schema')`);
  return row ?? { tables: 0, example: null, nodes: 0 };
}
