import type { Db } from '../session/db.js';

/** Extensions of the database connected to that Citus would create on a node that joins. */
export async function readExtensions(db: Db): Promise<string[]> {
  const rows = await db.query<{ name: string }>(
    `SELECT extname::text AS name FROM pg_catalog.pg_extension WHERE extname NOT IN ('plpgsql') AND extname !~ '^citus' ORDER BY 1`,
  );
  return rows.map(({ name }) => name);
}

/** Reads which of the named extensions the server connected to could not create. */
export async function readMissingExtensions(db: Db, names: string[]): Promise<string[]> {
  const rows = await db.query<{ name: string }>(
    `SELECT n.name FROM unnest($1::text[]) n(name)
      WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_available_extensions a WHERE a.name = n.name) ORDER BY 1`,
    [names],
  );
  return rows.map(({ name }) => name);
}
