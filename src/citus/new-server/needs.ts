import type { Db } from '../session/db.js';
import { identifier } from '../session/quote.js';

/** A text search dictionary that Citus will make on a server that joins. */
export interface Dictionary {
  name: string;
  template: string;
  options: string;
}

/** What Citus takes for granted on a server that joins, or brings there by itself. */
export interface Needs {
  /** Roles that it brings: those it knows, owners of tables, and whom something was granted, with the roles they are in. */
  roles: string[];
  /** Whether it brings roles at all; else those must be there. */
  bringsRoles: boolean;
  /** Tablespaces of the tables' indexes. */
  tablespaces: string[];
  dictionaries: Dictionary[];
  /** Providers of the collations that columns of the tables have. */
  providers: ('libc' | 'icu')[];
}

/** Reads what the cluster connected to, by its coordinator, needs on a server that joins. */
export async function readNeeds(db: Db): Promise<Needs> {
  const [row] = await db.query<Needs>(`
    WITH RECURSIVE tables AS (SELECT logicalrelid::oid AS oid FROM pg_catalog.pg_dist_partition),
    known AS (SELECT classid, objid FROM pg_catalog.pg_dist_object UNION SELECT 'pg_class'::regclass, oid FROM tables),
    roles AS (
      SELECT objid AS oid FROM known WHERE classid = 'pg_authid'::regclass
      UNION SELECT s.refobjid FROM pg_catalog.pg_shdepend s JOIN known k ON k.classid = s.classid AND k.objid = s.objid
       WHERE s.refclassid = 'pg_authid'::regclass AND s.dbid = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())
      UNION SELECT m.roleid FROM roles r JOIN pg_catalog.pg_auth_members m ON m.member = r.oid)
    SELECT ARRAY(SELECT r.rolname::text FROM roles JOIN pg_catalog.pg_roles r USING (oid) ORDER BY 1) AS roles,
           coalesce(current_setting('citus.enable_create_role_propagation', true), 'on') = 'on' AS "bringsRoles",
           ARRAY(SELECT DISTINCT t.spcname::text FROM tables JOIN pg_catalog.pg_index i ON i.indrelid = tables.oid
                   JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid JOIN pg_catalog.pg_tablespace t ON t.oid = c.reltablespace ORDER BY 1) AS tablespaces,
           (SELECT coalesce(json_agg(json_build_object('name', d.oid::regdictionary::text, 'template', t.tmplname, 'options', d.dictinitoption)), '[]')
              FROM known k JOIN pg_catalog.pg_ts_dict d ON k.classid = 'pg_ts_dict'::regclass AND d.oid = k.objid
              JOIN pg_catalog.pg_ts_template t ON t.oid = d.dicttemplate
             WHERE d.dictnamespace <> 'pg_catalog'::regnamespace AND t.tmplnamespace = 'pg_catalog'::regnamespace AND d.dictinitoption IS NOT NULL) AS dictionaries,
           ARRAY(SELECT DISTINCT CASE c.collprovider WHEN 'i' THEN 'icu' ELSE 'libc' END FROM tables JOIN pg_catalog.pg_attribute a ON a.attrelid = tables.oid
                   JOIN pg_catalog.pg_collation c ON c.oid = a.attcollation WHERE c.collprovider IN ('i', 'c') AND c.collname NOT IN ('C', 'POSIX') ORDER BY 1) AS providers`);
  if (!row) throw new Error('the server answered nothing');
  return row;
}

/**
 * Dictionaries that the server connected to can't make: their files aren't there. Each is made and undone.
 *
 * @returns the server's words for each
 */
export async function readBrokenDictionaries(
  db: Db,
  dictionaries: Dictionary[],
): Promise<{ name: string; error: string }[]> {
  const broken: { name: string; error: string }[] = [];
  for (const { name, template, options } of dictionaries) {
    const error = await refusalOf(
      db,
      `CREATE TEXT SEARCH DICTIONARY pg_temp.citus_scaler_try (TEMPLATE = pg_catalog.${identifier(template)}, ${options})`,
    );
    if (error?.code === configFileError) broken.push({ name, error: error.message });
  }
  return broken;
}

/** SQLSTATE of a file of the server's that isn't there, or is no such file. */
const configFileError = 'F0000';

/** PostgreSQL's refusal of a statement, which is undone either way. */
async function refusalOf(db: Db, statement: string): Promise<(Error & { code?: string }) | undefined> {
  await db.query('BEGIN');
  try {
    await db.query('SET LOCAL citus.enable_ddl_propagation = off');
    await db.query(statement);
    return undefined;
  } catch (error) {
    if (!(error instanceof Error && 'severity' in error)) throw error;
    return error;
  } finally {
    await db.query('ROLLBACK');
  }
}
