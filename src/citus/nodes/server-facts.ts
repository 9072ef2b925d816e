import type { Db } from '../session/db.js';
import { startedAtSql, type ServerIdentity } from '../new-server/identity.js';
import { readLocalGroup } from './nodes.js';
import { patroniSign } from '../patroni/sign.js';

/** The facts that one server tells of itself; catalog and settings only. */
export interface ServerFacts extends ServerIdentity {
  /** For example 150020. */
  versionNum: number;
  /** Version of the citus extension in the database connected to; null when it isn't there. */
  citus: string | null;
  /** Version of Citus's library, `13.2.2`, where it tells; of the extension otherwise. A stand-in says so after it. */
  library: string | null;
  inRecovery: boolean;
  readOnly: boolean;
  user: string;
  superuser: boolean;
  /** Group of this server in the cluster that its database belongs to; null without the extension. */
  localGroup: number | null;
  backendPid: number;
  /** A sign that Patroni runs the server; null for none. */
  patroni: string | null;
  /** Encoding, collation and character type of the database, and its ICU locale where it has one. */
  locale: string;
}

/** `en_US.UTF-8` and `en_US.utf8` are one locale. */
const spelledAlike = (column: string): string => `regexp_replace(${column}, '\\.utf-?8', '.utf8', 'i')`;

/** Reads the facts of the server connected to. */
export async function readServerFacts(db: Db): Promise<ServerFacts> {
  const [row] = await db.query<Omit<ServerFacts, 'library'> & { tells: boolean }>(`
    SELECT current_setting('server_version_num')::int AS "versionNum",
           (SELECT extversion FROM pg_catalog.pg_extension WHERE extname = 'citus') AS citus,
           pg_catalog.pg_is_in_recovery() AS "inRecovery", current_setting('transaction_read_only')::bool AS "readOnly",
           current_user::text AS "user", (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user) AS superuser,
           NULL::int AS "localGroup", NULL::text AS "systemIdentifier",
           ${startedAtSql} AS "startedAt", pg_catalog.pg_backend_pid() AS "backendPid",
           ${patroniSign} AS patroni,
           (SELECT concat_ws(' ', pg_encoding_to_char(encoding), ${spelledAlike('datcollate')}, ${spelledAlike('datctype')},
                   CASE WHEN to_jsonb(d) ->> 'datlocprovider' NOT IN ('c') THEN to_jsonb(d) ->> 'datlocprovider' END,
                   coalesce(to_jsonb(d) ->> 'daticulocale', to_jsonb(d) ->> 'datlocale'), to_jsonb(d) ->> 'daticurules')
              FROM pg_catalog.pg_database d WHERE datname = current_database()) AS locale,
           to_regprocedure('pg_catalog.citus_version()') IS NOT NULL AS tells`);
  if (!row) throw new Error('the server answered nothing');
  const { tells, ...rest } = row;
  const facts: ServerFacts = { ...rest, library: (tells ? await readLibrary(db) : undefined) ?? row.citus };
  if (row.citus !== null) facts.localGroup = await readLocalGroup(db);
  facts.systemIdentifier = await readSystemIdentifier(db);
  return facts;
}

async function readLibrary(db: Db): Promise<string | undefined> {
  const [row] = await db.query<{ version: string }>('SELECT pg_catalog.citus_version() AS version');
  return /Citus (\S+( stand-in)?)/.exec(row?.version ?? '')?.[1];
}

/** The system identifier of the server, the same for a server and its physical copies; null to a role that may not ask. */
export async function readSystemIdentifier(db: Db): Promise<string | null> {
  try {
    const [row] = await db.query<{ id: string }>(
      'SELECT system_identifier::text AS id FROM pg_catalog.pg_control_system()',
    );
    return row?.id ?? null;
  } catch (error) {
    // Only a role that lacks the right is answered so: a lost connection says nothing of the server.
    if ((error as { code?: string }).code === '42501') return null;
    throw error;
  }
}

/** `15.20` of 150020 */
export function versionText(versionNum: number): string {
  return `${Math.floor(versionNum / 10_000)}.${versionNum % 10_000}`;
}
