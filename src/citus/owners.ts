import type { Db } from './db.js';
import { runOnNodes } from './node-settings.js';

export interface OwnerProblem {
  owner: string;
  /** A table of theirs. */
  table: string;
  problem: 'not a member' | 'may not log in' | 'may not create in the schema' | 'unknown there';
  schema: string;
}

/** An owner of distributed tables, with the schemas in which they have some. */
interface Owner {
  owner: string;
  schema: string;
  table: string;
}

/**
 * Owners of distributed tables that stand in the way of moves, by node: the mover must be a member of each (else
 * `must be owner of table`), and each must be allowed to log in and to create in its schemas, else moves retry for
 * half an hour. Grants don't propagate to workers, so each is asked. Measured, docs/roles.md.
 *
 * @param nodes those that answer
 */
export async function readOwnerProblems(
  db: Db,
  nodes: string[],
): Promise<(OwnerProblem & { node: string })[]> {
  const owners = await db.query<Owner>(`
    SELECT r.rolname::text AS owner, n.nspname::text AS schema, min(t.logicalrelid::regclass::text) AS "table"
      FROM pg_catalog.pg_dist_partition t JOIN pg_catalog.pg_class c ON c.oid = t.logicalrelid
      JOIN pg_catalog.pg_roles r ON r.oid = c.relowner JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE NOT (t.partmethod = 'n' AND t.repmodel <> 't' AND t.colocationid = 0)
     GROUP BY 1, 2 ORDER BY 1, 2`);
  if (owners.length === 0) return [];
  const answers = await runOnNodes(
    db,
    nodes.map((node) => ({ node, command: ownersQuery(owners) })),
  );
  return answers.flatMap(({ node, success, result }) =>
    success ? (JSON.parse(result) as OwnerProblem[]).map((problem) => ({ node, ...problem })) : [],
  );
}

/** One column of JSON; the owners travel in it, since a worker need not have the catalog of tables. */
function ownersQuery(owners: Owner[]): string {
  const json = JSON.stringify(owners).replaceAll("'", "''");
  return `SELECT coalesce(json_agg(p), '[]')::text FROM (
    SELECT o.owner, o."table", o.schema, problem
      FROM json_to_recordset('${json}') AS o(owner text, schema text, "table" text)
      LEFT JOIN pg_catalog.pg_roles r ON r.rolname = o.owner
      LEFT JOIN pg_catalog.pg_namespace n ON n.nspname = o.schema,
      LATERAL (SELECT 'unknown there' WHERE r.oid IS NULL
        UNION ALL SELECT 'not a member' WHERE NOT pg_has_role(current_user, r.oid, 'member')
        UNION ALL SELECT 'may not log in' WHERE NOT r.rolcanlogin
        UNION ALL SELECT 'may not create in the schema'
          WHERE n.oid IS NOT NULL AND NOT has_schema_privilege(r.oid, n.oid, 'CREATE')) w(problem)) p`;
}
