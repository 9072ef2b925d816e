import type { Db } from '../session/db.js';

/**
 * Reads the shortest time, in seconds, after which a statement of somebody gives up waiting: `lock_timeout` and
 * `statement_timeout` of the server, of roles and of databases; undefined when none is set.
 */
export async function readLeastPatience(db: Db): Promise<number | undefined> {
  const [row] = await db.query<{ seconds: number | null }>(`
    SELECT min(seconds)::float8 AS seconds FROM (
      SELECT CASE WHEN value ~ '^[0-9.]+$' THEN value::numeric / 1000
                  ELSE extract(epoch FROM replace(value, 'us', ' microseconds')::interval) END AS seconds
        FROM (
          SELECT reset_val AS value FROM pg_catalog.pg_settings WHERE name IN ('lock_timeout', 'statement_timeout')
          UNION ALL
          SELECT split_part(c, '=', 2) FROM pg_catalog.pg_db_role_setting, unnest(setconfig) c
           WHERE split_part(c, '=', 1) IN ('lock_timeout', 'statement_timeout')) s
       WHERE value ~ '^[0-9.]+ *(us|ms|s|min|h|d)?$') t
     WHERE seconds > 0`);
  return row?.seconds ?? undefined;
}
