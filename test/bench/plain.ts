import type { SandboxCluster, SandboxNode } from '../../sandbox/index.js';
import { timed } from './measure.js';

/** What an administrator would do without us: register the nodes, start Citus's own job, wait. Seconds. */
export async function plainRebalance(cluster: SandboxCluster, nodes: SandboxNode[]): Promise<number> {
  const { seconds } = await timed(async () => {
    for (const { host, port } of nodes) await cluster.query('select citus_add_node($1, $2)', [host, port]);
    await cluster.query('select citus_rebalance_start()');
    await untilJobEnds(cluster);
  });
  return seconds;
}

/** Empties a worker as an administrator would without us: in one blocking statement, or as Citus's own job. Seconds. */
export async function plainDrain(
  cluster: SandboxCluster,
  { host, port }: SandboxNode,
  how: 'citus_drain_node' | 'background job',
): Promise<number> {
  const { seconds } = await timed(async () => {
    if (how === 'citus_drain_node') {
      await cluster.query('select citus_drain_node($1, $2)', [host, port]);
      return;
    }
    await cluster.query(`select citus_set_node_property($1, $2, 'shouldhaveshards', false)`, [host, port]);
    await cluster.query('select citus_rebalance_start(drain_only := true)');
    await untilJobEnds(cluster);
  });
  return seconds;
}

/** Polls, as `citus_rebalance_wait()` does. Throws when the job doesn't end well. */
async function untilJobEnds(cluster: SandboxCluster): Promise<void> {
  for (;;) {
    const [job] = await cluster.query<{ state: string }>(
      'select state::text from pg_dist_background_job order by job_id desc limit 1',
    );
    if (!job || job.state === 'finished') return;
    if (['failed', 'cancelled'].includes(job.state)) throw new Error(`Citus's own job ${job.state}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
