import type { Db } from '../session/db.js';
import { runOnNodes } from '../nodes/node-settings.js';
import type { Member } from './membership.js';
import { readWrappers, type WrapperName, type WrapperState } from './wrappers.js';

/** The rights of a session's role on the coordinator, as far as an operation needs more than everybody has. */
export interface Rights extends Member {
  superuser: boolean;
  wrappers: Record<WrapperName, WrapperState>;
  copiesReferenceTables: boolean;
  /** Whether it sees the statements of others, and who has set what. */
  monitors: boolean;
}

/** Reads the rights of this session's role. */
export async function readRights(db: Db): Promise<Rights> {
  const [row] = await db.query<Omit<Rights, 'wrappers'>>(
    `SELECT r.rolname::text AS "user", r.rolsuper AS superuser, r.rolinherit AS inherits,
            current_setting('server_version_num')::int AS "versionNum",
            coalesce((SELECT bool_or(has_function_privilege(p.oid, 'EXECUTE')) FROM pg_catalog.pg_proc p
              WHERE p.proname = 'replicate_reference_tables' AND p.pronamespace = 'pg_catalog'::regnamespace), false) AS "copiesReferenceTables",
            pg_has_role('pg_read_all_stats', 'usage') AND pg_has_role('pg_read_all_settings', 'usage') AS monitors
       FROM pg_catalog.pg_roles r WHERE r.rolname = current_user`,
  );
  if (!row) throw new Error('the server answered nothing');
  return { ...row, wrappers: await readWrappers(db) };
}

/** The rights to change a setting on a node for a while; `lacks` names the grants that are missing. */
export type TuningRights = { node: string; lacks: string[] } | { node: string; error: string };

/**
 * Whether the role of this session may lower a setting on each node. Asked there, since these grants don't propagate.
 * Before PostgreSQL 15 only a superuser may, and the question is an error.
 */
export async function readTuningRights(db: Db, nodes: string[], setting: string): Promise<TuningRights[]> {
  const answers = await runOnNodes(
    db,
    nodes.map((node) => ({ node, command: tuningQuery(setting) })),
  );
  return answers.map(({ node, success, result }) =>
    success ? { node, lacks: JSON.parse(result) as string[] } : { node, error: result },
  );
}

/** Reads the same of the server connected to, which is no node yet. */
export async function readOwnTuningRights(db: Db, setting: string): Promise<string[]> {
  const [row] = await db.query<{ lacks: string }>(tuningQuery(setting));
  return JSON.parse(row?.lacks ?? '[]') as string[];
}

/** The query of the grants that are missing, one column of JSON. */
function tuningQuery(setting: string): string {
  return `SELECT (SELECT coalesce(json_agg(g), '[]')
    FROM (SELECT 'allow_alter_system is off' WHERE current_setting('allow_alter_system', true) = 'off'
          UNION ALL SELECT 'no ALTER SYSTEM ON PARAMETER ${setting}' WHERE NOT has_parameter_privilege('${setting}', 'ALTER SYSTEM')
          UNION ALL SELECT 'no EXECUTE ON FUNCTION pg_reload_conf()' WHERE NOT has_function_privilege('pg_reload_conf()', 'EXECUTE')) m(g))::text AS lacks`;
}
