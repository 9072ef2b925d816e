import type { Db } from './db.js';

export interface Versions {
  /** `15.20` */
  postgres: string;
  /** `150020` */
  postgresNumber: number;
  /** Version of the extension in this database, `13.2-1`; absent: not created here. */
  extension?: string;
  /** The library's own version, `13.2.2`; absent: not created here. */
  citus?: string;
  /** Version of the extension that the server could create, absent: not installed. */
  available?: string;
}

/** Versions of one server, also of one that has no Citus. */
export async function readVersions(db: Db): Promise<Versions> {
  const [row] = await db.query<{
    postgres: string;
    number: number;
    extension: string | null;
    available: string | null;
    citus_version: boolean;
  }>(`
    SELECT split_part(current_setting('server_version'), ' ', 1) AS postgres,
           current_setting('server_version_num')::int AS number,
           (SELECT extversion FROM pg_catalog.pg_extension WHERE extname = 'citus') AS extension,
           (SELECT default_version FROM pg_catalog.pg_available_extensions WHERE name = 'citus') AS available,
           to_regprocedure('pg_catalog.citus_version()') IS NOT NULL AS citus_version`);
  if (row === undefined) throw new Error(`${db.node} did not tell its version.`);
  return {
    postgres: row.postgres,
    postgresNumber: row.number,
    ...(row.available !== null && { available: row.available }),
    ...(row.extension !== null && {
      extension: row.extension,
      citus: (row.citus_version ? await libraryVersion(db) : undefined) ?? row.extension,
    }),
  };
}

async function libraryVersion(db: Db): Promise<string | undefined> {
  const [row] = await db.query<{ version: string }>('SELECT pg_catalog.citus_version() AS version');
  return /Citus (\S+)/.exec(row?.version ?? '')?.[1];
}
