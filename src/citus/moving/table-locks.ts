import type { Db } from '../session/db.js';

/** A session of the coordinator that keeps everyone from a distributed table. */
export interface TableLock {
  pid: number;
  table: string;
  /** Seconds since its transaction began. */
  seconds: number;
  /** First word of its last statement, or its state; never the statement. */
  tag: string;
}

/** Exclusive locks on distributed tables that are held for longer than 5 s: sizes, plans and moves wait for them. */
export async function readTableLocks(db: Db): Promise<TableLock[]> {
  return db.query<TableLock>(`
    SELECT l.pid, min(l.relation::regclass::text) AS "table", extract(epoch FROM now() - min(a.xact_start))::int AS seconds,
           coalesce(min(substring(upper(a.query) FROM '^\\s*([A-Z]+)')), min(a.state), 'unknown') AS tag
      FROM pg_catalog.pg_locks l
      JOIN pg_catalog.pg_dist_partition t ON t.logicalrelid = l.relation
      JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
     WHERE l.locktype = 'relation' AND l.granted AND l.mode = 'AccessExclusiveLock'
       AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())
       AND a.xact_start < now() - interval '5 seconds'
     GROUP BY l.pid ORDER BY seconds DESC`);
}
