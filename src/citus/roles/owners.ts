import type { Db } from '../session/db.js';
import type { GrantOwner } from './grants.js';
import { runOnNodes } from '../nodes/node-settings.js';
import type { RefusedSession } from './role-sessions.js';

/** A problem with a table owner on one node. */
export interface OwnerProblem {
  owner: string;
  /** A table of theirs. */
  table: string;
  schema: string;
  problem: Problem;
  /** Whether the owner is a superuser: no role should become its member. */
  superuser: boolean;
  /** The node's answer. */
  answer?: string;
}

type Problem =
  | 'not a member'
  | 'may not log in'
  | 'may not create in the schema'
  | 'unknown there'
  | 'could not log in'
  | 'we could not log in';

/** An owner of distributed tables, with a schema in which it has some. */
interface Owner {
  owner: string;
  schema: string;
  table: string;
  superuser: boolean;
}

/**
 * Owners of distributed tables that stand in the way of moves, by node: the mover must have the rights of each (else
 * `must be owner of table`), and each must be allowed to log in and to create in its schemas, else moves retry for
 * half an hour. Grants don't propagate to workers, so each is asked. Measured, docs/roles.md.
 *
 * @param nodes those that answer
 * @param refused sessions that roles could not have: Citus logs in to nodes as the owner, with what the coordinator has
 *   for it (pg_hba.conf, ~/.pgpass)
 */
export async function readOwnerProblems(
  db: Db,
  nodes: string[],
  refused: readonly RefusedSession[],
): Promise<(OwnerProblem & { node: string })[]> {
  const owners = await readOwners(db);
  if (owners.length === 0) return [];
  const answers = await runOnNodes(
    db,
    nodes.map((node) => ({ node, command: ownersQuery(owners) })),
  );
  const [first] = owners;
  const problems = answers.flatMap(({ node, success, result }): (OwnerProblem & { node: string })[] => {
    if (success) return (JSON.parse(result) as OwnerProblem[]).map((problem) => ({ node, ...problem }));
    return first ? [{ node, ...first, problem: 'we could not log in', answer: result }] : [];
  });
  return [...problems, ...refusedLogins(owners, refused, problems)];
}

/** Reads the owners of every table that moves or is copied. */
async function readOwners(db: Db): Promise<Owner[]> {
  return db.query<Owner>(`
    SELECT r.rolname::text AS owner, n.nspname::text AS schema, min(t.logicalrelid::regclass::text) AS "table",
           r.rolsuper AS superuser
      FROM pg_catalog.pg_dist_partition t JOIN pg_catalog.pg_class c ON c.oid = t.logicalrelid
      JOIN pg_catalog.pg_roles r ON r.oid = c.relowner JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE NOT (t.partmethod = 'n' AND t.repmodel <> 't' AND t.colocationid = 0)
     GROUP BY 1, 2, 4 ORDER BY 1, 2`);
}

/** Reads the names of the owners of every table that moves or is copied. */
export async function readOwnerNames(db: Db): Promise<string[]> {
  return [...new Set((await readOwners(db)).map(({ owner }) => owner))];
}

/** Reads how many owners the tables of one shard group have at most: a move takes of some things one for each of them. */
export async function readMostOwners(db: Db): Promise<number> {
  const [row] = await db.query<{ most: number }>(`
    SELECT coalesce(max(owners), 1)::int AS most FROM (
      SELECT count(DISTINCT c.relowner) AS owners
        FROM pg_catalog.pg_dist_partition t JOIN pg_catalog.pg_class c ON c.oid = t.logicalrelid AND c.relkind = 'r'
       WHERE t.partmethod <> 'n' OR t.repmodel <> 't'
       GROUP BY t.colocationid, CASE WHEN t.colocationid = 0 THEN t.logicalrelid END) g`);
  return row?.most ?? 1;
}

/** Reads the owners that an operator needs grants of, from the coordinator alone. */
export async function readGrantOwners(db: Db): Promise<GrantOwner[]> {
  const owners = await readOwners(db);
  const rows = await db.query<{
    role: string;
    superuser: boolean;
    lacksLogin: boolean;
    schema: string;
    lacks: boolean;
  }>(
    `SELECT r.rolname::text AS role, r.rolsuper AS superuser, NOT r.rolcanlogin AS "lacksLogin", o.schema,
            NOT has_schema_privilege(r.oid, n.oid, 'CREATE') AS lacks
       FROM json_to_recordset($1) AS o(owner text, schema text)
       JOIN pg_catalog.pg_roles r ON r.rolname = o.owner JOIN pg_catalog.pg_namespace n ON n.nspname = o.schema ORDER BY 1, 4`,
    [JSON.stringify(owners)],
  );
  const byRole = new Map<string, GrantOwner>();
  for (const { role, superuser, lacksLogin, schema, lacks } of rows) {
    const owner = byRole.get(role) ?? { role, superuser, lacksLogin, lacksCreateIn: [] };
    if (lacks) owner.lacksCreateIn.push(schema);
    byRole.set(role, owner);
  }
  return [...byRole.values()];
}

/** Owners as whom nodes can't be logged in to, for those that nothing else is wrong with. Moves wait for ever there. */
function refusedLogins(
  owners: Owner[],
  refused: readonly RefusedSession[],
  problems: OwnerProblem[],
): (OwnerProblem & { node: string })[] {
  const known = new Set(problems.map(({ owner }) => owner));
  return refused.flatMap(({ role, node, error }) => {
    const owner = owners.find((each) => each.owner === role.role);
    const isOther = owner && !role.parts.includes('acting') && !known.has(owner.owner);
    return isOther ? [{ node, ...owner, problem: 'could not log in' as const, answer: error }] : [];
  });
}

/**
 * The query of {@link OwnerProblem}, one column of JSON; the owners travel in it, since a worker need not have the
 * catalog of tables.
 */
function ownersQuery(owners: Owner[]): string {
  const json = JSON.stringify(owners).replaceAll("'", "''");
  return `SELECT coalesce(json_agg(p), '[]')::text FROM (
    SELECT o.owner, o."table", o.schema, o.superuser, problem
      FROM json_to_recordset('${json}') AS o(owner text, schema text, "table" text, superuser bool)
      LEFT JOIN pg_catalog.pg_roles r ON r.rolname = o.owner
      LEFT JOIN pg_catalog.pg_namespace n ON n.nspname = o.schema,
      LATERAL (SELECT 'unknown there' WHERE r.oid IS NULL
        UNION ALL SELECT 'not a member' WHERE NOT pg_has_role(current_user, r.oid, 'usage')
        UNION ALL SELECT 'may not log in' WHERE NOT r.rolcanlogin
        UNION ALL SELECT 'may not create in the schema'
          WHERE n.oid IS NOT NULL AND NOT has_schema_privilege(r.oid, n.oid, 'CREATE')) w(problem)) p`;
}
