import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { checksum, loadData, type Table, type TableChecksum } from '../../../sandbox/data.js';
import { withClient, type SandboxNode } from '../../../sandbox/index.js';
import { isPassingError } from '../../../src/activities/classify.js';
import { conform } from './flavours.js';
import { jobsOf, noJob, type Task } from './job-questions.js';
import { holdMoves, startMove } from './mover.js';
import { addNode, nodeId, placements, refusal, rolledBack, until } from './questions.js';

conform(
  'jobs',
  { settings: { 'citus.background_task_queue_interval': '200ms' } },
  (cluster) => loadData(cluster, { shards: 8, tenants: 80, events: 500 }),
  (cluster) => {
    let before: Record<Table, TableChecksum>;
    let extra: { id: number; node: SandboxNode };
    let release = (): Promise<void> => Promise.resolve();
    const jobs = jobsOf(cluster);

    beforeAll(async () => {
      before = await checksum(cluster());
      const node = await cluster().addNode();
      extra = { id: await addNode(cluster(), node), node };
    });

    afterEach(async () => {
      await release();
      for (const node of [cluster().coordinator, ...cluster().workers]) await node.start();
      await jobs.end();
      expect(await checksum(cluster())).toEqual(before);
    });

    const ports = (): number[] => cluster().workers.map(({ port }) => port);
    const hold = async (): Promise<void> => {
      release = await holdMoves(cluster(), ports());
    };

    /** A job with moves, whatever the tests before have moved. */
    const start = async (): Promise<string> => {
      const [has] = await cluster().query<{ shards: boolean }>(
        `SELECT EXISTS (SELECT FROM pg_dist_shard JOIN pg_dist_placement USING (shardid) JOIN pg_dist_node USING (groupid)
           WHERE nodeid = $1 AND logicalrelid <> 'plans'::regclass) AS shards`,
        [extra.id],
      );
      const drain = has?.shards === true;
      await cluster().query(`SELECT citus_set_node_property('127.0.0.1', $1, 'shouldhaveshards', $2)`, [
        extra.node.port,
        !drain,
      ]);
      return jobs.start(`drain_only := ${drain}`);
    };
    const startHeld = async (): Promise<{ job: string; task: Task }> => {
      await hold();
      const job = await start();
      return { job, task: await jobs.untilMoving(job) };
    };

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
          const tasks = await jobs.tasks(job, client);
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

      it.each([
        ['one after another in a colocation group', false],
        ['beside each other when that is asked for', true],
      ])('lets moves depend on each other: %s', async (_, beside) => {
        await rolledBack(cluster(), async (client) => {
          const { rows } = await client.query<{ job: string }>(
            `SELECT citus_rebalance_start(parallel_transfer_colocated_shards := $1)::text AS job`,
            [beside],
          );
          const [copy, ...moves] = await jobs.tasks(rows[0]?.job ?? '', client);
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
        const job = await start();
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
          await cluster().query(
            `SELECT citus_set_node_property('127.0.0.1', $1, 'shouldhaveshards', false)`,
            [ports()[0]],
          );
          expect(await refusal(cluster().query('SELECT citus_rebalance_start()'))).toEqual({
            code: '0A000',
            message:
              `cannot use logical replication to transfer shards of the relation keyless since it doesn't have a ` +
              `REPLICA IDENTITY or PRIMARY KEY`,
          });
          expect(await noJob(cluster())).toBe(true);
        } finally {
          await cluster().query(`SELECT citus_set_node_property('127.0.0.1', $1, 'shouldhaveshards', true)`, [
            ports()[0],
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
      const job = await start();
      const plan = await jobs.tasks(job);
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
      for (const task of await jobs.tasks(job)) {
        expect(task).toMatchObject({ status: 'done', message: 'SELECT 1\n', pid: null, retries: 0 });
      }
      const at = await placements(cluster(), 'orders');
      for (const { shard, to } of plan.flatMap(({ move }) => move ?? [])) {
        const orders = await jobs.colocated(shard, 'orders');
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

    it('is stopped at once, and what it has moved stays moved', async () => {
      const { job, task } = await startHeld();
      await cluster().query('SELECT citus_rebalance_stop()');
      await until('the end', async () => (await jobs.state(job)) === 'cancelled', 10);
      const tasks = await jobs.tasks(job);
      const wasCancelled = tasks.find(({ id }) => id === task.id);
      expect(wasCancelled).toMatchObject({ status: 'cancelled', pid: null });
      expect(wasCancelled?.message).toMatch(/^ERROR: canceling statement due to user request\n/);
      for (const { status } of tasks) expect(['done', 'cancelled']).toContain(status);
      expect(await cluster().query('SELECT FROM get_rebalance_progress()')).toEqual([]);
    });

    it('is cancelled by its number, and no other is', async () => {
      await startHeld().then(({ job }) => jobs.cancel(job));
      await release();
      await hold();
      const job = await start();
      await jobs.untilMoving(job);
      const others = await cluster().query<{ id: string }>(
        'SELECT job_id::text AS id FROM pg_dist_background_job WHERE job_id <> $1',
        [job],
      );
      for (const { id } of others) await cluster().query('SELECT citus_job_cancel($1)', [id]);
      expect(await jobs.state(job)).toBe('running');
      await cluster().query('SELECT citus_job_cancel($1)', [job]);
      await until('the end', async () => (await jobs.state(job)) === 'cancelled', 10);
    });

    it('tries a task again five seconds after someone ended its statement', async () => {
      const { job, task } = await startHeld();
      await cluster().query('SELECT pg_cancel_backend($1::int)', [task.pid]);
      const ended = await jobs.untilTask(job, task.id, ({ status }) => status === 'runnable');
      expect(ended).toMatchObject({ pid: null, retries: 1 });
      expect(ended.message).toBe(
        'ERROR: canceling statement due to user request\n' +
          `CONTEXT: Citus Background Task Queue Executor: app/postgres for (${job}/${task.id})\n`,
      );
      expect(ended.wait).toBeGreaterThan(0);
      expect(ended.wait).toBeLessThanOrEqual(5);
      const [status] = await cluster().query<{ state: string; tasks: object[] }>(
        `SELECT state, details->'tasks' AS tasks FROM citus_job_status($1)`,
        [job],
      );
      expect(status?.state).toBe('running');
      expect(status?.tasks).toContainEqual({
        state: 'runnable',
        retried: 1,
        message: ended.message,
        command: task.command,
        task_id: Number(task.id),
      });
    });

    it.each(['source', 'target'] as const)(
      'tries a move again when its %s was dead for a while, and says why',
      async (which) => {
        const { job, task } = await startHeld();
        const wanted = which === 'source' ? task.move?.from : task.move?.to;
        const ids = await Promise.all(ports().map((port) => nodeId(cluster(), port)));
        const dying = cluster().workers[ids.indexOf(wanted ?? 0)];
        await dying?.kill();
        if (cluster().flavour === 'citus') await release();
        const failed = await jobs.untilTask(job, task.id, ({ retries }) => retries > 0);
        expect(isPassingError(new Error(failed.message)), failed.message).toBe(true);
        expect(await jobs.state(job)).toBe('running');
        await dying?.start();
        await release();
        await until('the end', () => jobs.hurry(job), 120);
        expect(await jobs.state(job)).toBe('finished');
      },
    );

    it('goes on by itself after a crash of the coordinator', async () => {
      const { job, task } = await startHeld();
      await cluster().coordinator.kill();
      await cluster().coordinator.start();
      await release();
      await until('the end', () => jobs.hurry(job), 120);
      expect(await jobs.state(job)).toBe('finished');
      expect((await jobs.tasks(job)).find(({ id }) => id === task.id)).toMatchObject({ status: 'done' });
    });

    it('runs as many tasks as the settings allow, also those of a job that runs already', async () => {
      await hold();
      const set = (name: string, value: number): Promise<unknown> =>
        cluster()
          .query(`ALTER SYSTEM SET ${name} = ${value}`)
          .then(() => cluster().query('SELECT pg_reload_conf()'));
      const job = await start();
      await jobs.untilMoving(job);
      const running = async (): Promise<number> =>
        (await jobs.tasks(job)).filter(({ status }) => status === 'running').length;
      expect(await running()).toBe(1);
      await set('citus.max_background_task_executors', 4);
      await set('citus.max_background_task_executors_per_node', 4);
      // A chain for each of two colocation groups.
      await until('two moves at once', async () => (await running()) === 2);
      await set('citus.max_background_task_executors', 1);
      await set('citus.max_background_task_executors_per_node', 1);
    });

    it('neither refuses a direct move beside it nor is refused beside one', async () => {
      const { job, task } = await startHeld();
      const moves = (await jobs.tasks(job)).flatMap(({ id, move }) => (move && id !== task.id ? [move] : []));
      const other = moves.at(-1);
      if (!other) throw new Error('too few moves');
      const direct = await startMove(cluster(), other);
      await until('both', async () => {
        const rows = await cluster().query<{ pid: number }>(
          'SELECT DISTINCT sessionid AS pid FROM get_rebalance_progress()',
        );
        return rows.some(({ pid }) => pid === direct.pid) && rows.some(({ pid }) => pid === task.pid);
      });
      await jobs.cancel(job);
      await start();
      await release();
      await direct.result;
    });
  },
);
