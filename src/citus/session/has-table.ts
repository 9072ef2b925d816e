import type { Db } from './db.js';

/** Whether the catalog has a table of this name: those of background jobs came with Citus 11.1, `pg_dist_cleanup` with 11.2. */
export async function hasCatalogTable(db: Db, name: string): Promise<boolean> {
  const [row] = await db.query<{ exists: boolean }>(
    `SELECT to_regclass('pg_catalog.' || $1::text) IS NOT NULL AS exists`,
    [name],
  );
  return row?.exists === true;
}
