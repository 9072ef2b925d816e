import type { Db } from '../session/db.js';

/**
 * SQL for a sign that Patroni runs a server, or NULL: Patroni keeps a session named after itself open, and names
 * itself in the settings that it writes. With its Citus mode it rewrites `pg_dist_node` from its own store, so
 * changes of nodes by anyone else are undone.
 */
export const patroniSign = `coalesce(
    (SELECT 'a session of ' || application_name FROM pg_catalog.pg_stat_activity WHERE application_name ILIKE 'patroni%' LIMIT 1),
    (SELECT name || ' names Patroni' FROM pg_catalog.pg_settings
      WHERE name IN ('archive_command', 'restore_command', 'recovery_end_command', 'hba_file', 'ident_file', 'config_file', 'data_directory')
        AND setting ILIKE '%patroni%' LIMIT 1),
    (SELECT 'settings come from ' || sourcefile || ', which Patroni writes' FROM pg_catalog.pg_settings
      WHERE sourcefile ~ '/postgresql\\.base\\.conf$' LIMIT 1))`;

/** SQL for whether Patroni runs the server just now, rather than that it once wrote its settings. */
export const patroniSession = `EXISTS (SELECT FROM pg_catalog.pg_stat_activity WHERE application_name ILIKE 'patroni%')`;

/**
 * Whether Patroni registers the nodes of the cluster: it does so from the coordinator that it runs. One that runs a worker
 * alone leaves the rows of `pg_dist_node` to others.
 */
export async function registersNodes(db: Db): Promise<boolean> {
  const [row] = await db.query<{ patroni: string | null }>(`SELECT ${patroniSign} AS patroni`);
  return typeof row?.patroni === 'string';
}
