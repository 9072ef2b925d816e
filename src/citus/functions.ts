import type { Db } from './db.js';

/** A function or procedure of `pg_catalog`, as `pg_proc` has it: detect by this, never by the version. */
export interface CitusFunction {
  name: string;
  /** Names of its input arguments; '' for one without a name. */
  arguments: string[];
}

/** Those of the named functions that this server has; one entry for each overload. */
export async function readFunctions(db: Db, names: string[]): Promise<CitusFunction[]> {
  return db.query<CitusFunction>(
    `SELECT p.proname AS name, coalesce(p.proargnames[1:p.pronargs], array_fill(''::text, ARRAY[p.pronargs])) AS arguments
     FROM pg_catalog.pg_proc p
     WHERE p.pronamespace = 'pg_catalog'::regnamespace AND p.proname = ANY ($1::text[])
     ORDER BY 1`,
    [names],
  );
}
