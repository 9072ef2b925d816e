import { expect, it } from 'vitest';
import { isPassingError } from '../../../src/activities/runtime/classify.js';
import { conformJobs } from './job-stage.js';
import { startMove } from './mover.js';
import { nodeId, until } from './questions.js';

conformJobs(
  'the course of jobs',
  ({
    cluster,
    tasksOf,
    state,
    cancel,
    hold,
    release,
    startAny,
    startHeld,
    untilMoving,
    untilTask,
    hurry,
  }) => {
    it('is stopped at once, and what it has moved stays moved', async () => {
      const { job, task } = await startHeld();
      await cluster().query('SELECT citus_rebalance_stop()');
      await until('the end', async () => (await state(job)) === 'cancelled', 10);
      const tasks = await tasksOf(job);
      const wasCancelled = tasks.find(({ id }) => id === task.id);
      expect(wasCancelled).toMatchObject({ status: 'cancelled', pid: null });
      expect(wasCancelled?.message).toMatch(/^ERROR: canceling statement due to user request\n/);
      for (const { status } of tasks) expect(['done', 'cancelled']).toContain(status);
      expect(await cluster().query('SELECT FROM get_rebalance_progress()')).toEqual([]);
    });

    it('is cancelled by its number, and no other is', async () => {
      await startHeld().then(({ job }) => cancel(job));
      await release();
      await hold();
      const job = await startAny();
      await untilMoving(job);
      const others = await cluster().query<{ id: string }>(
        'SELECT job_id::text AS id FROM pg_dist_background_job WHERE job_id <> $1',
        [job],
      );
      for (const { id } of others) await cluster().query('SELECT citus_job_cancel($1)', [id]);
      expect(await state(job)).toBe('running');
      await cluster().query('SELECT citus_job_cancel($1)', [job]);
      await until('the end', async () => (await state(job)) === 'cancelled', 10);
    });

    it('tries a task again five seconds after someone ended its statement', async () => {
      const { job, task } = await startHeld();
      await cluster().query('SELECT pg_cancel_backend($1::int)', [task.pid]);
      const ended = await untilTask(job, task.id, ({ status }) => status === 'runnable');
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
        const ids = await Promise.all(cluster().workers.map(({ port }) => nodeId(cluster(), port)));
        const dying = cluster().workers[ids.indexOf(wanted ?? 0)];
        await dying?.kill();
        if (cluster().flavour === 'citus') await release();
        const failed = await untilTask(job, task.id, ({ retries }) => retries > 0);
        expect(isPassingError(new Error(failed.message)), failed.message).toBe(true);
        expect(await state(job)).toBe('running');
        await dying?.start();
        await release();
        await until('the end', () => hurry(job), 120);
        expect(await state(job)).toBe('finished');
      },
    );

    it('goes on by itself after a crash of the coordinator', async () => {
      const { job, task } = await startHeld();
      await cluster().coordinator.kill();
      await cluster().coordinator.start();
      await release();
      await until('the end', () => hurry(job), 120);
      expect(await state(job)).toBe('finished');
      expect((await tasksOf(job)).find(({ id }) => id === task.id)).toMatchObject({ status: 'done' });
    });

    it('goes on by itself when the session that watches its tasks is ended', async () => {
      const { job } = await startHeld();
      const monitor = `FROM pg_stat_activity WHERE application_name = 'citus background task queue monitor'`;
      await cluster().query(`SELECT pg_terminate_backend(pid) ${monitor}`);
      await until('another one', async () => (await cluster().query(`SELECT ${monitor}`)).length === 1);
      await release();
      await until('the end', () => hurry(job), 120);
      expect(await state(job)).toBe('finished');
    });

    it('runs as many tasks as the settings allow, also those of a job that runs already', async () => {
      const names = ['citus.max_background_task_executors', 'citus.max_background_task_executors_per_node'];
      const alter = async (how: (name: string) => string): Promise<void> => {
        for (const name of names) await cluster().query(`ALTER SYSTEM ${how(name)}`);
        await cluster().query('SELECT pg_reload_conf()');
      };
      const { job } = await startHeld();
      const running = async (): Promise<number> =>
        (await tasksOf(job)).filter(({ status }) => status === 'running').length;
      expect(await running()).toBe(1);
      try {
        await alter((name) => `SET ${name} = 4`);
        // A chain for each of two colocation groups.
        await until('two moves at once', async () => (await running()) === 2);
      } finally {
        await alter((name) => `RESET ${name}`);
      }
    });

    it('neither refuses a direct move beside it nor is refused beside one', async () => {
      const { job, task } = await startHeld();
      const moves = (await tasksOf(job)).flatMap(({ id, move }) => (move && id !== task.id ? [move] : []));
      const other = moves.at(-1);
      if (!other) throw new Error('too few moves');
      const direct = await startMove(cluster(), other);
      await until('both', async () => {
        const rows = await cluster().query<{ pid: number }>(
          'SELECT DISTINCT sessionid AS pid FROM get_rebalance_progress()',
        );
        return rows.some(({ pid }) => pid === direct.pid) && rows.some(({ pid }) => pid === task.pid);
      });
      await cancel(job);
      await startAny();
      await release();
      await direct.result;
    });
  },
);
