import type { Db } from '../session/db.js';

/** An extension of a database, and its version. */
export interface Extension {
  name: string;
  version: string;
}

/** Extensions of the database connected to that Citus would create on a node that joins. */
export async function readExtensions(db: Db): Promise<Extension[]> {
  return db.query<Extension>(
    `SELECT extname::text AS name, extversion AS version FROM pg_catalog.pg_extension
      WHERE extname NOT IN ('plpgsql') AND extname !~ '^citus' ORDER BY 1`,
  );
}

/** An extension that a server would have in no version, or in another. */
export interface OtherExtension extends Extension {
  /** The version that is there, or that CREATE EXTENSION would give: Citus names none. Null when there is no package. */
  there: string | null;
  isCreated: boolean;
}

/** Reads which of the extensions the server connected to doesn't have, or would have in another version. */
export async function readOtherExtensions(db: Db, extensions: Extension[]): Promise<OtherExtension[]> {
  return db.query<OtherExtension>(
    `SELECT w.name, w.version, coalesce(e.extversion, a.default_version) AS there, e.oid IS NOT NULL AS "isCreated"
       FROM json_to_recordset($1) AS w(name text, version text)
       LEFT JOIN pg_catalog.pg_extension e ON e.extname = w.name LEFT JOIN pg_catalog.pg_available_extensions a ON a.name = w.name
      WHERE coalesce(e.extversion, a.default_version) IS DISTINCT FROM w.version ORDER BY 1`,
    [JSON.stringify(extensions)],
  );
}
