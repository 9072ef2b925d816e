import type { Db } from './db.js';

/** A background job of Citus that is not over. */
export interface BackgroundJob {
  jobId: number;
  /** scheduled, running, cancelling or failing */
  state: string;
  jobType: string;
  description: string;
  startedAt?: Date;
  /** Tasks in any state. */
  tasks: number;
  /** Tasks that are done. */
  tasksDone: number;
}

/** Unfinished background jobs, by number; none where this Citus has no such table. Catalog only. */
export async function readJobs(db: Db): Promise<BackgroundJob[]> {
  const [has] = await db.query<{ has: boolean }>(
    `SELECT to_regclass('pg_catalog.pg_dist_background_job') IS NOT NULL AS has`,
  );
  if (!has?.has) return [];
  const rows = await db.query<Omit<BackgroundJob, 'startedAt'> & { startedAt: Date | null }>(`
    SELECT j.job_id AS "jobId", j.state::text AS state, j.job_type::text AS "jobType", j.description,
           j.started_at AS "startedAt", count(t.task_id) AS tasks,
           count(t.task_id) FILTER (WHERE t.status::text = 'done') AS "tasksDone"
    FROM pg_catalog.pg_dist_background_job j
    LEFT JOIN pg_catalog.pg_dist_background_task t USING (job_id)
    WHERE j.state::text NOT IN ('finished', 'cancelled', 'failed')
    GROUP BY j.job_id, j.state, j.job_type, j.description, j.started_at
    ORDER BY j.job_id`);
  return rows.map(({ startedAt, ...job }) => (startedAt === null ? job : { ...job, startedAt }));
}
