import type { SandboxCluster } from '../../sandbox/index.js';
import { slowMoves } from './slow-moves.js';
import { mark } from './stage.js';

/**
 * A drain of the last worker as a background job of Citus, as somebody else might start it, in the middle of its first
 * move. `end` cancels it and lets the worker have shards again.
 */
export async function startForeignJob(
  cluster: SandboxCluster,
): Promise<{ job: string; startedAt: string; end: () => Promise<void> }> {
  const worker = cluster.workers.at(-1);
  if (!worker) throw new Error('no worker');
  const release = await slowMoves(cluster);
  await mark(cluster, worker, false);
  const [started] = await cluster.query<{ job: string }>(
    'select citus_rebalance_start(drain_only := true)::text as job',
  );
  const job = started?.job ?? '';
  const startedAt = await untilItMoves(cluster, job);
  return {
    job,
    startedAt,
    end: async () => {
      await cluster.query('select citus_job_cancel($1)', [job]);
      await cluster.query(`select citus_job_wait($1, 'cancelled')`, [job]);
      await release();
      await mark(cluster, worker, true);
    },
  };
}

async function untilItMoves(cluster: SandboxCluster, job: string): Promise<string> {
  for (const end = Date.now() + 30_000; Date.now() < end;) {
    const [row] = await cluster.query<{ at: string }>(
      `select to_char(started_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as at from pg_dist_background_job j
       where job_id = $1 and exists (select from get_rebalance_progress() p
         join pg_dist_background_task t on t.pid = p.sessionid where t.job_id = j.job_id)`,
      [job],
    );
    if (row) return row.at;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`job ${job} moves nothing`);
}
