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
