import type { Db } from '../session/db.js';
import { applicationPrefix } from '../session/application-name.js';
import { within } from '../session/within.js';
import { hasCatalogTable } from '../session/has-table.js';
import { isoSql } from '../session/iso-sql.js';

/** A job or session that moves data and is none of the asking operation's. */
export type ForeignWork = WorkFacts & (Job | Session);

interface WorkFacts {
  state: string;
  startedAt?: string;
  description: string;
}

interface Job {
  kind: 'job';
  jobId: number;
}

interface Session {
  kind: 'move';
  /** Its process at the coordinator. */
  pid: number;
  /** Whether an operation of citus-scaler makes it: that one's own cancel ends it. */
  ours?: boolean;
}

/** The statement on the coordinator that ends it; none for our own operations, which would begin it anew. */
export function endStatement(work: ForeignWork): string | undefined {
  if (work.kind === 'move') return work.ours ? undefined : `SELECT pg_cancel_backend(${work.pid})`;
  // Citus loses a cancel that comes as a task begins, and then it locks its jobs (docs/citus.md).
  if (work.state === 'cancelling')
    return `SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE backend_type LIKE 'Citus Background Task Queue Executor%(${work.jobId}/%'`;
  return `SELECT citus_job_cancel(${work.jobId})`;
}

/** Background jobs of Citus that are not in a final state; catalog only, answers also while a node is frozen. */
export async function readJobs(db: Db): Promise<ForeignWork[]> {
  if (!(await hasCatalogTable(db, 'pg_dist_background_job'))) return [];
  const rows = await db.query<{ id: string; state: string; startedAt: string | null; type: string }>(`
    SELECT job_id::text AS id, state::text, ${isoSql('started_at')} AS "startedAt", job_type::text AS type
      FROM pg_catalog.pg_dist_background_job
     WHERE state::text NOT IN ('finished', 'cancelled', 'failed') ORDER BY job_id`);
  return rows.map(({ id, state, startedAt, type }) => ({
    kind: 'job' as const,
    jobId: Number(id),
    state,
    ...(startedAt === null ? {} : { startedAt }),
    description: `background job ${id} (${type})`,
  }));
}

const movePattern =
  '(citus_move_shard_placement|master_move_shard_placement|citus_copy_shard_placement|rebalance_table_shards|citus_drain_node|citus_split_shard_by_split_points|isolate_tenant_to_new_shard|replicate_reference_tables)';

/**
 * Sessions that move shards now, but for those whose `application_name` begins with `except`. The statement tells;
 * where the role may not read others' statements (no `pg_monitor`) Citus's own monitor of moves does, which asks every
 * node: left out with `quick`, as are sessions that a copy of reference tables opens: the copy itself is there to see,
 * and of one that was stopped they go on for a moment.
 */
export async function readMovingSessions(
  db: Db,
  except = '\u0001',
  { quick = false } = {},
): Promise<ForeignWork[]> {
  const rows = await db.query<{
    pid: number;
    startedAt: string | null;
    ours: boolean;
    function: string | null;
  }>(
    `SELECT pid, ${isoSql('query_start')} AS "startedAt", starts_with(application_name, $2) AS ours,
            substring(query FROM '${movePattern}') AS function
       FROM pg_catalog.pg_stat_activity
      WHERE pid <> pg_backend_pid() AND datname = current_database() AND NOT starts_with(application_name, $1)
        AND application_name !~ $4
        AND (pid = ANY ($3::int[])
             OR (state = 'active' AND query ~ '${movePattern}' AND query !~ 'pg_stat_activity|get_rebalance_table_shards_plan'))
      ORDER BY pid`,
    [
      except,
      applicationPrefix,
      quick ? [] : await monitoredPids(db),
      quick ? '^citus_(internal|rebalancer)' : '^citus_internal',
    ],
  );
  return rows.map(({ pid, startedAt, ours, function: name }) => ({
    kind: 'move' as const,
    pid,
    state: 'running',
    ...(startedAt === null ? {} : { startedAt }),
    ...(ours && { ours }),
    description: `${name ?? 'a move'} in session ${pid}${ours ? ' of another operation of citus-scaler' : ''}`,
  }));
}

/**
 * Processes that `get_rebalance_progress()` knows; none when it fails. It asks every node for sizes, and with one
 * frozen node it takes 30 s (measured), so it gets 5 s.
 */
async function monitoredPids(db: Db): Promise<number[]> {
  const rows = await within(db, 5, () =>
    db.query<{ pid: number }>('SELECT DISTINCT sessionid AS pid FROM pg_catalog.get_rebalance_progress()'),
  );
  return (rows ?? []).map(({ pid }) => pid);
}
