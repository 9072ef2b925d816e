import type { Db } from './db.js';

/**
 * Distributed tables that `auto` can't move online: neither a primary key nor another replica identity. Partitioned
 * parents hold no rows and don't count.
 */
export async function readTablesWithoutIdentity(db: Db): Promise<string[]> {
  const rows = await db.query<{ name: string }>(`
    SELECT t.logicalrelid::regclass::text AS name
      FROM pg_catalog.pg_dist_partition t JOIN pg_catalog.pg_class c ON c.oid = t.logicalrelid
     WHERE NOT (t.partmethod = 'n' AND t.colocationid = 0) AND t.repmodel IN ('s', 't') AND c.relkind = 'r'
       AND NOT (c.relreplident = 'f'
             OR (c.relreplident = 'd' AND EXISTS (SELECT FROM pg_catalog.pg_index i WHERE i.indrelid = c.oid AND i.indisprimary))
             OR (c.relreplident = 'i' AND EXISTS (SELECT FROM pg_catalog.pg_index i WHERE i.indrelid = c.oid AND i.indisreplident)))
     ORDER BY 1`);
  return rows.map(({ name }) => name);
}

export interface OwnerProblem {
  owner: string;
  /** A table of theirs. */
  table: string;
  problem: 'not a member' | 'may not log in' | 'may not create in the schema';
  schema: string;
}

/**
 * Owners of distributed tables that stand in the way of moves: the mover must be a member of each (else `must be
 * owner of table`), and each must be allowed to log in and to create in its schemas. Measured, docs/roles.md.
 */
export async function readOwnerProblems(db: Db): Promise<OwnerProblem[]> {
  return db.query<OwnerProblem>(`
    WITH owners AS (
      SELECT r.oid, r.rolname::text AS owner, r.rolcanlogin, r.rolsuper, n.nspname::text AS schema, n.oid AS schemaoid,
             min(t.logicalrelid::regclass::text) AS "table"
        FROM pg_catalog.pg_dist_partition t JOIN pg_catalog.pg_class c ON c.oid = t.logicalrelid
        JOIN pg_catalog.pg_roles r ON r.oid = c.relowner JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
       GROUP BY 1, 2, 3, 4, 5, 6)
    SELECT owner, "table", schema, 'not a member' AS problem FROM owners WHERE NOT pg_has_role(current_user, oid, 'member')
    UNION ALL SELECT owner, "table", schema, 'may not log in' FROM owners WHERE NOT rolcanlogin
    UNION ALL SELECT owner, "table", schema, 'may not create in the schema' FROM owners WHERE NOT has_schema_privilege(oid, schemaoid, 'CREATE')
    ORDER BY 1, 3`);
}
