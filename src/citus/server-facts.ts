import type { Db } from './db.js';

/** What one server says of itself; catalog and settings only. */
export interface ServerFacts {
  /** For example 150020. */
  versionNum: number;
  /** Of the citus extension in the database connected to; null when it isn't there. */
  citus: string | null;
  inRecovery: boolean;
  readOnly: boolean;
  user: string;
  superuser: boolean;
  /** Group of this server in the cluster that its database belongs to; null without the extension. */
  localGroup: number | null;
  /** Same for a server and its physical copies. */
  systemIdentifier: string | null;
  startedAt: string;
  backendPid: number;
  /** What looks like Patroni's: a sign, or null. */
  patroni: string | null;
}

export async function readServerFacts(db: Db): Promise<ServerFacts> {
  const [row] = await db.query<ServerFacts>(`
    SELECT current_setting('server_version_num')::int AS "versionNum",
           (SELECT extversion FROM pg_catalog.pg_extension WHERE extname = 'citus') AS citus,
           pg_catalog.pg_is_in_recovery() AS "inRecovery", current_setting('transaction_read_only')::bool AS "readOnly",
           current_user::text AS "user", (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user) AS superuser,
           NULL::int AS "localGroup", NULL::text AS "systemIdentifier",
           pg_catalog.pg_postmaster_start_time()::text AS "startedAt", pg_catalog.pg_backend_pid() AS "backendPid",
           coalesce(
             (SELECT 'a session of ' || application_name FROM pg_catalog.pg_stat_activity WHERE application_name ILIKE 'patroni%' LIMIT 1),
             (SELECT name || ' names Patroni' FROM pg_catalog.pg_settings
               WHERE name IN ('archive_command', 'restore_command', 'hba_file', 'config_file', 'data_directory') AND setting ILIKE '%patroni%' LIMIT 1)
           ) AS patroni`);
  if (!row) throw new Error('the server answered nothing');
  if (row.citus !== null) {
    const [group] = await db.query<{ id: number }>(
      'SELECT groupid AS id FROM pg_catalog.pg_dist_local_group',
    );
    row.localGroup = group?.id ?? null;
  }
  row.systemIdentifier = await readSystemIdentifier(db);
  return row;
}

async function readSystemIdentifier(db: Db): Promise<string | null> {
  try {
    const [row] = await db.query<{ id: string }>(
      'SELECT system_identifier::text AS id FROM pg_catalog.pg_control_system()',
    );
    return row?.id ?? null;
  } catch {
    // A role may lack it; the other signs have to do.
    return null;
  }
}

/** `15.20` of 150020 */
export function versionText(versionNum: number): string {
  return `${Math.floor(versionNum / 10_000)}.${versionNum % 10_000}`;
}
