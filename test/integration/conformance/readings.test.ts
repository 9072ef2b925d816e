import { expect, it } from 'vitest';
import { loadData } from '../../../sandbox/data.js';
import { withClient } from '../../../sandbox/index.js';
import { conform } from './flavours.js';
import { refusal, until } from './questions.js';

conform(
  'readings',
  {},
  (cluster) => loadData(cluster, { shards: 4, tenants: 20, events: 100 }),
  (cluster) => {
    const ports = (): number[] => cluster().workers.map(({ port }) => port);

    it('has a size for every placement', async () => {
      const [row] = await cluster().query(
        `SELECT count(*)::int AS rows, count(DISTINCT shard_id)::int AS shards, bool_and(size > 0) AS all FROM citus_shard_sizes()`,
      );
      expect(row).toEqual({ rows: 19, shards: 17, all: true });
      const shards = await cluster().query(
        `SELECT FROM citus_shards WHERE shard_size > 0 AND citus_table_type = 'distributed'`,
      );
      expect(shards).toHaveLength(16);
    });

    it('knows the disk of each worker', async () => {
      const rows = await cluster().query<{ success: boolean; result: string }>(
        `SELECT success, result FROM run_command_on_workers('SELECT row(available_disk_size, total_disk_size) FROM citus_local_disk_space_stats()')`,
      );
      expect(rows).toHaveLength(2);
      for (const { result } of rows) expect(result).toMatch(/^\(\d{6,},\d{6,}\)$/);
    });

    it('runs commands on workers, and answers what failed', async () => {
      const run = (command: string): Promise<object[]> =>
        cluster().query('SELECT nodeport, success, result FROM run_command_on_workers($1)', [command]);
      const both = (success: boolean, result: string): object[] =>
        ports().map((nodeport) => ({ nodeport, success, result }));
      expect(await run('SELECT 7')).toEqual(both(true, '7'));
      expect(await run('SELECT 1/0')).toEqual(both(false, 'ERROR:  division by zero'));
      expect(await run(`ALTER SYSTEM SET wal_retrieve_retry_interval = '300ms'`)).toEqual(
        both(true, 'ALTER SYSTEM'),
      );
      expect(await run('SELECT pg_reload_conf()')).toEqual(both(true, 't'));
      expect(await run('ALTER SYSTEM RESET wal_retrieve_retry_interval')).toEqual(both(true, 'ALTER SYSTEM'));
      expect(await run('SELECT n FROM generate_series(1, 0) n')).toEqual(both(true, ''));
    });

    it('runs a command on chosen nodes', async () => {
      const rows = await cluster().query(
        `SELECT * FROM master_run_on_worker(ARRAY['127.0.0.1', '127.0.0.1'], ARRAY[$1, 9]::int[], ARRAY['SELECT 1', 'SELECT 2'], true)`,
        [ports()[1]],
      );
      expect(rows).toEqual([
        { node_name: '127.0.0.1', node_port: ports()[1], success: true, result: '1' },
        { node_name: '127.0.0.1', node_port: 9, success: false, result: 'failed to connect to 127.0.0.1:9' },
      ]);
    });

    it('checks every way between nodes', async () => {
      const rows = await cluster().query('SELECT result FROM citus_check_cluster_node_health()');
      expect(rows).toEqual(Array.from({ length: 9 }, () => ({ result: true })));
    });

    it('has no jobs', async () => {
      for (const call of ['citus_job_list()', 'citus_rebalance_status()', 'citus_job_status(1)']) {
        expect(await cluster().query(`SELECT * FROM ${call}`)).toEqual([]);
      }
      for (const table of [
        'pg_dist_background_job',
        'pg_dist_background_task',
        'pg_dist_background_task_depend',
      ]) {
        expect(await cluster().query(`SELECT * FROM ${table}`)).toEqual([]);
      }
    });

    it('knows nodes by role', async ({ skip }) => {
      const view = await cluster().query(`SELECT FROM pg_views WHERE viewname = 'citus_nodes'`);
      if (view.length === 0) skip('the view came with Citus 13.1');
      const rows = await cluster().query('SELECT nodeport, role, active FROM citus_nodes ORDER BY nodeport');
      expect(rows).toEqual([
        { nodeport: cluster().coordinator.port, role: 'coordinator', active: true },
        ...ports().map((nodeport) => ({ nodeport, role: 'worker', active: true })),
      ]);
    });

    it('shows sessions, and who waits for whom', async () => {
      await withClient(cluster().coordinator.login, async (blocker) => {
        await blocker.query('BEGIN');
        await blocker.query('LOCK TABLE plans IN ACCESS EXCLUSIVE MODE');
        const { rows } = await blocker.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
        const waiting = withClient({ ...cluster().coordinator.login }, (client) =>
          client.query(`SELECT count(*) FROM plans /* waits */`),
        );
        const pid = rows[0]?.pid;
        await until('the wait', async () => {
          const waits = await cluster().query<{ blocking: string; blocked_statement: string }>(
            `SELECT blocking_gpid % 10000000000 AS blocking, blocked_statement FROM citus_lock_waits`,
          );
          return waits.some(
            (wait) => Number(wait.blocking) === pid && wait.blocked_statement.includes('waits'),
          );
        });
        const sessions = await cluster().query(
          `SELECT nodeid, global_pid = citus_calculate_gpid(nodeid, pid) AS gpid, is_worker_query FROM citus_stat_activity WHERE pid = $1 AND NOT is_worker_query`,
          [pid],
        );
        expect(sessions).toContainEqual({ nodeid: 1, gpid: true, is_worker_query: false });
        await blocker.query('ROLLBACK');
        await waiting;
      });
    });

    it('goes on reading what it can while a worker is dead', async () => {
      const dead = cluster().workers[1];
      await dead?.kill();
      const commands = await cluster().query(
        `SELECT success, result FROM run_command_on_workers('SELECT 1')`,
      );
      expect(commands).toEqual([
        { success: true, result: '1' },
        { success: false, result: `failed to connect to ${dead?.address ?? ''}` },
      ]);
      const [sizes] = await cluster().query('SELECT count(*)::int AS rows FROM citus_shard_sizes()');
      expect(sizes).toEqual({ rows: 10 });
      const health = await cluster().query<{ result: boolean | null }>(
        'SELECT result FROM citus_check_cluster_node_health()',
      );
      const count = (wanted: boolean | null): number =>
        health.filter(({ result }) => result === wanted).length;
      expect([count(true), count(false), count(null)]).toEqual([4, 2, 3]);
      await cluster().query(
        `SELECT * FROM get_rebalance_table_shards_plan(rebalance_strategy := 'by_shard_count')`,
      );
      expect(await refusal(cluster().query('SELECT * FROM get_rebalance_table_shards_plan()'))).toEqual({
        code: '08006',
        message: 'cannot get the size because of a connection error',
      });
      const whole = await refusal(cluster().query('SELECT count(*) FROM orders'));
      expect(whole.code).toMatch(/^08/);
      await dead?.start();
      await cluster().query('SELECT count(*) FROM orders');
    });
  },
);
