import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadData } from '../../../sandbox/data.js';
import { withClient } from '../../../sandbox/index.js';
import type { SandboxNode } from '../../../sandbox/index.js';
import { conform } from './flavours.js';
import { inSync, nodeId, placements, refusal, tenantsOn, type Refusal } from './questions.js';

conform(
  'with a dead worker',
  { workers: 3 },
  (cluster) => loadData(cluster, { shards: 6, tenants: 20, events: 40 }),
  (cluster) => {
    let dead: SandboxNode;
    let unheard: string;
    let tenants: { dead: number; live: number };

    const asked = (statement: string, values: unknown[] = []): Promise<Refusal> =>
      refusal(cluster().query(statement, values));
    const nodes = async (): Promise<[number, number, number]> => {
      const ids = await Promise.all(cluster().workers.map(({ port }) => nodeId(cluster(), port)));
      return [ids[0] ?? 0, ids[1] ?? 0, ids[2] ?? 0];
    };
    /** A shard of `orders` on one of the workers, by their order. */
    const shardOn = async (worker: number): Promise<string> => {
      const found = await placements(cluster(), 'orders');
      return found.find(({ port }) => port === cluster().workers[worker]?.port)?.shard ?? '';
    };

    beforeAll(async () => {
      const [first, second] = cluster().workers;
      if (!first || !second) throw new Error('no workers');
      dead = first;
      unheard =
        `connection to the remote node postgres@${dead.address} failed with the following error: Connection refused\n` +
        '\tIs the server running on that host and accepting TCP/IP connections?';
      const [mine] = await tenantsOn(cluster(), dead.port);
      const [other] = await tenantsOn(cluster(), second.port);
      tenants = { dead: mine ?? 0, live: other ?? 0 };
      await dead.kill();
    });

    afterAll(() => dead.start());

    describe('goes on', () => {
      it('reading and writing what lies elsewhere', async () => {
        const where = `WHERE tenant_id = ${tenants.live}`;
        expect(await cluster().query(`SELECT FROM tenants ${where}`)).toHaveLength(1);
        await cluster().query(`UPDATE tenants SET plan_id = 1 ${where}`);
      });

      it('reading reference tables', async () => {
        expect(await cluster().query('SELECT FROM plans')).toHaveLength(3);
      });

      it('planning by the number of shards', async () => {
        const plan = `SELECT FROM get_rebalance_table_shards_plan(rebalance_strategy := 'by_shard_count')`;
        expect(await cluster().query(plan)).toEqual([]);
      });

      it('telling the sizes of what lies elsewhere, with a warning for the rest', async () => {
        const warnings: (string | undefined)[] = [];
        const rows = await withClient(cluster().coordinator.login, async (client) => {
          client.on('notice', ({ message }) => warnings.push(message));
          return (await client.query<{ shard_id: number }>('SELECT * FROM citus_shard_sizes()')).rows;
        });
        expect(rows).toHaveLength(19);
        expect(warnings).toEqual([unheard]);
        const unknown = `SELECT FROM citus_shards WHERE table_name = 'orders'::regclass AND shard_size IS NULL`;
        expect(await cluster().query(unknown)).toHaveLength(2);
      });

      it('running commands, and says where it could not', async () => {
        const rows = await cluster().query(`SELECT * FROM run_command_on_workers('SELECT 1')`);
        expect(rows).toHaveLength(3);
        expect(rows).toContainEqual({
          nodename: '127.0.0.1',
          nodeport: dead.port,
          success: false,
          result: `failed to connect to ${dead.address}`,
        });
        const shards = await cluster().query<{ success: boolean }>(
          `SELECT success FROM run_command_on_shards('orders', 'SELECT count(*) FROM %s')`,
        );
        expect(shards.filter(({ success }) => success)).toHaveLength(4);
      });

      it('telling who reaches whom', async () => {
        const rows = await cluster().query<{
          from_nodeport: number;
          to_nodeport: number;
          result: boolean | null;
        }>('SELECT from_nodeport, to_nodeport, result FROM citus_check_cluster_node_health()');
        expect(rows).toHaveLength(16);
        for (const { from_nodeport, to_nodeport, result } of rows) {
          const expected = from_nodeport === dead.port ? null : to_nodeport !== dead.port;
          expect({ from_nodeport, to_nodeport, result }).toEqual({
            from_nodeport,
            to_nodeport,
            result: expected,
          });
        }
      });

      it('saying that all its nodes are active and in sync, which proves nothing', async () => {
        const odd = 'SELECT FROM pg_dist_node WHERE NOT isactive OR NOT metadatasynced';
        expect(await cluster().query(odd)).toEqual([]);
      });

      it('telling progress, of which there is none', async () => {
        expect(await cluster().query('SELECT FROM get_rebalance_progress()')).toEqual([]);
      });

      it('cleaning up, copying reference tables, as long as nothing is to do', async () => {
        await cluster().query('CALL citus_cleanup_orphaned_resources()');
        await cluster().query('SELECT replicate_reference_tables()');
      });
    });

    describe('refuses', () => {
      it.each([
        'SELECT count(*) FROM tenants',
        'UPDATE tenants SET plan_id = plan_id',
        'SELECT FROM tenants WHERE tenant_id = {dead}',
        'UPDATE tenants SET plan_id = 1 WHERE tenant_id = {dead}',
      ])('%s', async (statement) => {
        const { code, message } = await asked(statement.replace('{dead}', String(tenants.dead)));
        // What postgres_fdw says can't be changed.
        const expected =
          cluster().flavour === 'citus' ? { code: '08006', message: unheard } : { code: '08001', message };
        expect({ code, message }).toEqual(expected);
      });

      it.each([
        [`writes to reference tables`, `INSERT INTO plans VALUES (70, 'lost')`],
        [
          `a node's property`,
          `SELECT citus_set_node_property('127.0.0.1', {live}, 'shouldhaveshards', true)`,
        ],
        [
          `a dead node's property`,
          `SELECT citus_set_node_property('127.0.0.1', {dead}, 'shouldhaveshards', false)`,
        ],
        [`synchronising metadata`, 'SELECT start_metadata_sync_to_all_nodes()'],
        [`another node`, `SELECT citus_add_inactive_node('127.0.0.1', 1)`],
        [`a standby`, `SELECT citus_add_secondary_node('127.0.0.1', 1, '127.0.0.1', {live})`],
        [`draining`, `SELECT citus_drain_node('127.0.0.1', {live})`],
      ])('%s', async (_, statement) => {
        const ported = statement
          .replace('{dead}', String(dead.port))
          .replace('{live}', String(cluster().workers[1]?.port));
        const { code, message } = await asked(ported);
        expect({ code, message }).toEqual({ code: '08006', message: unheard });
      });

      it('a new distributed table', async () => {
        await cluster().query('CREATE TABLE made (i int PRIMARY KEY)');
        expect(await asked(`SELECT create_distributed_table('made', 'i')`)).toEqual({
          code: '08006',
          message: unheard,
        });
      });

      it.each(['citus_remove_node', 'citus_disable_node'])(
        '%s, since it holds the only copies',
        async (call) => {
          const { code, message } = await asked(
            `SELECT ${call}('127.0.0.1', $1${call === 'citus_disable_node' ? ', true' : ''})`,
            [dead.port],
          );
          expect(code).toBe('XX000');
          expect(message).toMatch(
            /^cannot remove or disable the node \S+ because because it contains the only shard placement for shard \d+$/,
          );
        },
      );

      it('a plan by size', async () => {
        expect(await asked('SELECT * FROM get_rebalance_table_shards_plan()')).toEqual({
          code: '08006',
          message: 'cannot get the size because of a connection error',
        });
      });

      it.each(['citus_table_size', 'citus_total_relation_size'])('%s', async (call) => {
        // Citus 12.1 says "table".
        expect(await asked(`SELECT ${call}('orders')`)).toEqual({
          code: '08006',
          message: expect.stringMatching(
            `^could not connect to ${dead.address} to get size of (relation|table) "orders"$`,
          ) as string,
        });
      });

      const move = 'SELECT citus_move_shard_placement($1, $2, $3)';

      it('a move from it', async () => {
        const [lost, live] = await nodes();
        expect(await asked(move, [await shardOn(0), lost, live])).toEqual({
          code: '08006',
          message: 'cannot get the size because of a connection error',
        });
      });

      it('a move to it', async () => {
        const [lost, live] = await nodes();
        expect(await asked(move, [await shardOn(1), live, lost])).toEqual({
          code: 'XX000',
          message: `Could not fetch disk stats for node: 127.0.0.1-${dead.port}`,
        });
      });

      it('a move between others, at its last step', async () => {
        const [, live, other] = await nodes();
        const shard = await shardOn(1);
        expect(await asked(move, [shard, live, other])).toEqual({ code: '08006', message: unheard });
        expect(await shardOn(1)).toBe(shard);
      });
    });

    describe('once its metadata is given up', () => {
      beforeAll(async () => {
        await cluster().query(`SELECT stop_metadata_sync_to_node('127.0.0.1', $1)`, [dead.port]);
      });

      it('changes nodes again', async () => {
        const live = cluster().workers[1]?.port;
        await cluster().query(`SELECT citus_set_node_property('127.0.0.1', $1, 'shouldhaveshards', true)`, [
          live,
        ]);
        const state = 'SELECT isactive, hasmetadata, metadatasynced FROM pg_dist_node WHERE nodeport = $1';
        expect(await cluster().query(state, [dead.port])).toEqual([
          { isactive: true, hasmetadata: false, metadatasynced: false },
        ]);
      });

      it('moves between the others again', async () => {
        const [, live, other] = await nodes();
        const shard = await shardOn(1);
        await cluster().query('SELECT citus_move_shard_placement($1, $2, $3)', [shard, live, other]);
        expect(await shardOn(1)).not.toBe(shard);
      });

      it('takes it back when it answers again', async () => {
        await dead.start();
        await cluster().query('SELECT start_metadata_sync_to_all_nodes()');
        await inSync(cluster());
        expect(await cluster().query('SELECT FROM tenants')).toHaveLength(20);
      });
    });
  },
);
