import { describe, expect, it } from 'vitest';
import { withClient } from '../../../sandbox/index.js';
import { noJob } from './job-questions.js';
import { conformJobs } from './job-stage.js';
import { placements, refusal, rolledBack } from './questions.js';

conformJobs('jobs', ({ cluster, tasksOf, hold, startAny, startHeld, colocated }) => {
  describe('a start', () => {
    it('schedules a task for each shard group that the plan moves, and the copy of reference tables before them', async () => {
      await rolledBack(cluster(), async (client) => {
        const plan = await client.query<{ shard: string; source: number; target: number; groups: string }>(
          `SELECT DISTINCT ON (ordinality) p.shardid::text AS shard, s.nodeid AS source, t.nodeid AS target
           FROM get_rebalance_table_shards_plan() WITH ORDINALITY p
             JOIN pg_dist_node s ON s.nodeport = sourceport JOIN pg_dist_node t ON t.nodeport = targetport
           WHERE table_name IN ('tenants'::regclass, 'events'::regclass) ORDER BY ordinality`,
        );
        const notices: (string | undefined)[] = [];
        client.on('notice', ({ message }) => notices.push(message));
        const { rows } = await client.query<{ job: string }>(`SELECT citus_rebalance_start()::text AS job`);
        const job = rows[0]?.job ?? '';
        expect(plan.rows.length).toBeGreaterThan(2);
        expect(notices).toEqual([`Scheduled ${plan.rows.length} moves as job ${job}`]);
        const tasks = await tasksOf(job, client);
        expect(tasks.map(({ command, status, nodes }) => ({ command, status, nodes }))).toEqual([
          {
            command: `SELECT pg_catalog.replicate_reference_tables('auto')`,
            status: 'runnable',
            nodes: null,
          },
          ...plan.rows.map(({ shard, source, target }) => ({
            command: `SELECT pg_catalog.citus_move_shard_placement(${shard},${source},${target},'auto')`,
            status: 'blocked',
            nodes: [source, target],
          })),
        ]);
        const [listed] = (await client.query('SELECT * FROM citus_job_list()')).rows as unknown[];
        expect(listed).toEqual({
          job_id: job,
          state: 'scheduled',
          job_type: 'rebalance',
          description: 'Rebalance all colocation groups',
          started_at: null,
          finished_at: null,
        });
      });
      expect(await cluster().query('SELECT * FROM citus_job_list()')).toEqual([]);
    });

    it.for([
      ['one after another in a colocation group', false],
      ['beside each other when that is asked for', true],
    ])('lets moves depend on each other: %s', async ([, beside], { skip }) => {
      const known = await cluster().query(
        `SELECT FROM pg_proc WHERE proname = 'citus_rebalance_start' AND 'parallel_transfer_colocated_shards' = ANY (proargnames)`,
      );
      if (known.length === 0) skip('the parameter came with Citus 13.2');
      await rolledBack(cluster(), async (client) => {
        const { rows } = await client.query<{ job: string }>(
          `SELECT citus_rebalance_start(parallel_transfer_colocated_shards := $1)::text AS job`,
          [beside],
        );
        const [copy, ...moves] = await tasksOf(rows[0]?.job ?? '', client);
        const last = new Map<string, string>();
        for (const { id, dependsOn, colocation } of moves) {
          const earlier = beside ? undefined : last.get(colocation ?? '');
          expect(dependsOn).toEqual([earlier ?? copy?.id]);
          last.set(colocation ?? '', id);
        }
        expect(last.size).toBe(2);
      });
    });

    it('is refused while another one is open, and while its job runs', async () => {
      await rolledBack(cluster(), async (client) => {
        await client.query('SELECT citus_rebalance_start()');
        expect((await refusal(cluster().query('SELECT citus_rebalance_start()'))).message).toMatch(
          /^could not acquire the lock required to rebalance public\.\w+$/,
        );
      });
      await hold();
      const job = await startAny();
      expect(await refusal(cluster().query('SELECT citus_rebalance_start()'))).toEqual({
        code: 'XX000',
        message: `A rebalance is already running as job ${job}`,
      });
    });

    it('is refused for a table without a key, unless the mode says otherwise', async () => {
      await cluster().query('CREATE TABLE keyless (a int)');
      await cluster().query(
        `SELECT create_distributed_table('keyless', 'a', colocate_with => 'none', shard_count => 6)`,
      );
      try {
        await cluster().query(`SELECT citus_set_node_property('127.0.0.1', $1, 'shouldhaveshards', false)`, [
          cluster().workers[0]?.port,
        ]);
        expect(await refusal(cluster().query('SELECT citus_rebalance_start()'))).toEqual({
          code: '0A000',
          message:
            `cannot use logical replication to transfer shards of the relation keyless since it doesn't have a ` +
            `REPLICA IDENTITY or PRIMARY KEY`,
        });
        expect(await noJob(cluster())).toBe(true);
      } finally {
        await cluster().query(`SELECT citus_set_node_property('127.0.0.1', $1, 'shouldhaveshards', true)`, [
          cluster().workers[0]?.port,
        ]);
        await cluster().query('DROP TABLE keyless');
      }
    });

    it('takes no NULL where Citus takes none', async () => {
      expect(await refusal(cluster().query('SELECT citus_rebalance_start(drain_only := NULL)'))).toEqual({
        code: '22004',
        message: 'drain_only cannot be NULL',
      });
    });
  });

  it('a job that nobody knows is neither waited for nor cancelled', async () => {
    const said = async (call: string): Promise<string> =>
      (await refusal(cluster().query(`SELECT ${call}`))).message;
    expect(await said('citus_rebalance_stop()')).toBe('no ongoing rebalance that can be stopped');
    expect(await said('citus_job_cancel(9999)')).toBe(
      'could not find background jobs entry for job_id: 9999',
    );
    expect(await said('citus_job_wait(9999)')).toBe('no job found for job with jobid: 9999');
    expect(await said('citus_task_wait(9999)')).toBe('no task found with taskid: 9999');
    expect(await cluster().query('SELECT * FROM citus_job_status(9999)')).toEqual([]);
    await cluster().query('SELECT citus_rebalance_wait()');
  });

  it('runs by itself to the end, and says so', async () => {
    const job = await startAny();
    const plan = await tasksOf(job);
    await cluster().query('SELECT citus_job_wait($1)', [job]);
    const [status] = await cluster().query<{ started_at: Date; finished_at: Date }>(
      'SELECT * FROM citus_rebalance_status()',
    );
    expect(status).toMatchObject({
      job_id: job,
      state: 'finished',
      details: { tasks: [], task_state_counts: { done: plan.length } },
    });
    expect(status?.finished_at.getTime()).toBeGreaterThan(status?.started_at.getTime() ?? Infinity);
    for (const task of await tasksOf(job)) {
      expect(task).toMatchObject({ status: 'done', message: 'SELECT 1\n', pid: null, retries: 0 });
    }
    const at = await placements(cluster(), 'orders');
    for (const { shard, to } of plan.flatMap(({ move }) => move ?? [])) {
      const orders = await colocated(shard, 'orders');
      if (orders !== undefined) expect(at.find((placement) => placement.shard === orders)?.node).toBe(to);
    }
    expect((await refusal(cluster().query(`SELECT citus_job_wait($1, 'failed')`, [job]))).message).toBe(
      'Job reached terminal state "finished" instead of desired state "failed"',
    );
    const notices: (string | undefined)[] = [];
    const again = await withClient(cluster().coordinator.login, async (client) => {
      client.on('notice', ({ message }) => notices.push(message));
      return (await client.query('SELECT citus_rebalance_start() AS job')).rows as unknown[];
    });
    expect(again).toEqual([{ job: null }]);
    expect(notices).toEqual(['No moves available for rebalancing']);
  });

  it('shows its running move to everybody', async () => {
    const { job, task } = await startHeld();
    const [status] = await cluster().query<{ details: { tasks: object[] } }>(
      'SELECT * FROM citus_job_status($1)',
      [job],
    );
    expect(status).toMatchObject({ state: 'running', finished_at: null });
    expect(status?.details.tasks).toHaveLength(1);
    expect(status?.details.tasks[0]).toMatchObject({
      task_id: Number(task.id),
      state: 'running',
      retried: 0,
      message: '',
      command: task.command,
      LSN: { lag: null },
      size: { source: expect.stringMatching(/^\d+ (bytes|kB)$/) as string },
      hosts: {
        source: expect.stringMatching(/^127\.0\.0\.1:\d+$/) as string,
        target: expect.stringMatching(/^127\.0\.0\.1:\d+$/) as string,
      },
      phase: expect.stringMatching(/Setting Up|Copying Data|Catching Up/) as string,
    });
    const [raw] = await cluster().query<{ size: { source: unknown } }>(
      `SELECT details->'tasks'->0->'size' AS size FROM citus_rebalance_status(true)`,
    );
    expect(raw?.size.source).toBeGreaterThan(0);
    const progress = await cluster().query<{ sessionid: number; source: number; target: number }>(
      `SELECT sessionid, operation_type, s.nodeid AS source, t.nodeid AS target FROM get_rebalance_progress()
         JOIN pg_dist_node s ON s.nodeport = sourceport JOIN pg_dist_node t ON t.nodeport = targetport`,
    );
    for (const row of progress)
      expect(row).toEqual({
        sessionid: task.pid,
        operation_type: 'move',
        source: task.move?.from,
        target: task.move?.to,
      });
    const activity = await cluster().query(
      `SELECT global_pid = citus_calculate_gpid(nodeid, pid) AS gpid FROM citus_stat_activity
       WHERE pid = $1 AND nodeid = 1 AND NOT is_worker_query`,
      [task.pid],
    );
    expect(activity).toEqual([{ gpid: true }]);
  });
});
