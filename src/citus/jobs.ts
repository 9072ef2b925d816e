import type { Db } from './db.js';
import { applicationPrefix } from './application-name.js';

export interface ForeignWork {
  id: string;
  kind: 'job' | 'move';
  state: string;
  startedAt?: string;
  description: string;
}

/** Background jobs of Citus that are not in a final state; catalog only, answers also while a node is frozen. */
export async function readJobs(db: Db): Promise<ForeignWork[]> {
  const rows = await db.query<{ id: string; state: string; startedAt: string | null; type: string }>(`
    SELECT job_id::text AS id, state::text, to_char(started_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS "startedAt", job_type::text AS type
      FROM pg_catalog.pg_dist_background_job WHERE state::text IN ('scheduled', 'running', 'cancelling', 'failing') ORDER BY job_id`);
  return rows.map(({ id, state, startedAt, type }) => ({
    id,
    kind: 'job' as const,
    state,
    ...(startedAt === null ? {} : { startedAt }),
    description: `background job ${id} (${type})`,
  }));
}

/** Sessions that move shards now, but for those whose `application_name` begins with `except`. */
export async function readMovingSessions(db: Db, except = '\u0001'): Promise<ForeignWork[]> {
  const rows = await db.query<{ pid: number; startedAt: string; ours: boolean; function: string }>(
    `SELECT pid, to_char(query_start AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS "startedAt",
            starts_with(application_name, $2) AS ours,
            substring(query FROM '(citus_move_shard_placement|citus_copy_shard_placement|rebalance_table_shards|citus_drain_node|citus_split_shard_by_split_points|replicate_reference_tables)') AS function
       FROM pg_catalog.pg_stat_activity
      WHERE state = 'active' AND pid <> pg_backend_pid() AND datname = current_database() AND NOT starts_with(application_name, $1)
        AND query ~ '(citus_move_shard_placement|citus_copy_shard_placement|rebalance_table_shards|citus_drain_node|citus_split_shard_by_split_points|replicate_reference_tables)'
        AND query !~ 'pg_stat_activity|get_rebalance_table_shards_plan'
        AND application_name !~ '^citus_internal'
      ORDER BY pid`,
    [except, applicationPrefix],
  );
  return rows.map(({ pid, startedAt, ours, function: name }) => ({
    id: `pid ${pid}`,
    kind: 'move' as const,
    state: 'running',
    startedAt,
    description: `${name} in session ${pid}${ours ? ' of another operation of citus-scaler' : ''}`,
  }));
}
