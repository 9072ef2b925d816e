import { beforeAll, describe, expect, it } from 'vitest';
import { checksum, loadData, type Table, type TableChecksum } from '../../../sandbox/data.js';
import { startLoad } from '../../../sandbox/load.js';
import { conform } from './flavours.js';
import { move } from './mover.js';
import { addNode, placements, refusal, until } from './questions.js';

conform(
  'moves',
  // What a move leaves stays until it is asked to go.
  { settings: { 'citus.defer_shard_delete_interval': '10min' } },
  (cluster) => loadData(cluster, { shards: 8, tenants: 80, events: 500 }),
  (cluster) => {
    let before: Record<Table, TableChecksum>;
    let target: number;

    /** The group of the hash range with this number, with where it is. */
    const group = async (number: number): Promise<{ shard: string; from: number }> => {
      const found = (await placements(cluster(), 'orders'))[number];
      return { shard: found?.shard ?? '', from: found?.node ?? 0 };
    };
    const nodesOf = async (number: number): Promise<(number | undefined)[]> => {
      const tables = ['tenants', 'orders', 'order_lines', 'events'];
      return Promise.all(tables.map(async (table) => (await placements(cluster(), table))[number]?.node));
    };

    beforeAll(async () => {
      before = await checksum(cluster());
      target = await addNode(cluster(), await cluster().addNode());
      await cluster().query('SELECT replicate_reference_tables()');
    });

    it('takes all colocated shards, no other, and every row', async () => {
      const { shard, from } = await group(0);
      await move(cluster(), { shard, from, to: target });
      expect(await nodesOf(0)).toEqual([target, target, target, from]);
      expect(await checksum(cluster())).toEqual(before);
    });

    it('gives the placement a new id', async () => {
      const { shard, from } = await group(2);
      const ask = 'SELECT placementid::text AS id FROM pg_dist_placement WHERE shardid = $1';
      const old = await cluster().query(ask, [shard]);
      await move(cluster(), { shard, from, to: target });
      const now = await cluster().query(ask, [shard]);
      expect(now).toHaveLength(1);
      expect(now).not.toEqual(old);
    });

    it('only warns when the shard is there already', async () => {
      const { shard, from } = await group(0);
      const other = (await group(1)).from;
      const { warnings } = await move(cluster(), { shard, from: other, to: from });
      const port = cluster().workers[2]?.port;
      expect(warnings).toEqual([`shard is already present on node 127.0.0.1:${port}`]);
    });

    it.each(['block_writes', 'force_logical'] as const)('moves with %s', async (mode) => {
      const { shard, from } = await group(mode === 'block_writes' ? 3 : 4);
      await move(cluster(), { shard, from, to: target, mode });
      expect(await checksum(cluster())).toEqual(before);
    });

    it('drops the old copy later, and knows which', async () => {
      const { shard, from } = await group(6);
      await move(cluster(), { shard, from, to: target });
      const records = await cluster().query<{ object_name: string }>(
        `SELECT object_name FROM pg_dist_cleanup c JOIN pg_dist_node n ON groupid = node_group_id
         WHERE nodeid = $1 AND object_type = 1 AND policy_type = 2`,
        [from],
      );
      expect(records.map(({ object_name }) => object_name)).toContain(`public.orders_${shard}`);
      await cluster().query('CALL citus_cleanup_orphaned_resources()');
      await until(
        'the clean-up',
        async () => (await cluster().query('SELECT FROM pg_dist_cleanup')).length === 0,
      );
      const source = cluster().workers.find(({ port }) => port !== cluster().workers[2]?.port);
      expect(await source?.query(`SELECT to_regclass('public.orders_${shard}') AS left_over`)).toEqual([
        { left_over: null },
      ]);
    });

    it('moves back and forth', async () => {
      const { shard, from } = await group(0);
      const other = (await group(1)).from;
      await move(cluster(), { shard, from, to: other });
      await move(cluster(), { shard, from: other, to: from });
      expect(await checksum(cluster())).toEqual(before);
    });

    describe('refuses', () => {
      const tried = async (shard: string, from: number, to: number): Promise<unknown> =>
        refusal(move(cluster(), { shard, from, to }));

      it('the same node', async () => {
        const { shard, from } = await group(1);
        const message = 'cannot move shard to the same node';
        expect(await tried(shard, from, from)).toEqual({ code: '22023', message });
      });

      it('a source that does not have the shard', async () => {
        const { shard } = await group(1);
        const { node, port } =
          (await placements(cluster(), 'orders')).find((other) => other.node !== target) ?? {};
        const wrong = (await group(1)).from === node ? undefined : node;
        const nodes = await cluster().query<{ nodeid: number; nodeport: number }>(
          'SELECT nodeid, nodeport FROM pg_dist_node WHERE groupid <> 0 AND nodeid <> ALL ($1)',
          [[(await group(1)).from, target]],
        );
        const source = wrong ?? nodes[0]?.nodeid ?? 0;
        const at = wrong === undefined ? nodes[0]?.nodeport : port;
        expect(await tried(shard, source, target)).toEqual({
          code: '22000',
          message: `could not find placement matching "127.0.0.1:${at}"`,
        });
      });

      it('a node that is not there', async () => {
        const { shard, from } = await group(1);
        const message = 'node with node id 99 could not be found';
        expect(await tried(shard, from, 99)).toEqual({ code: 'XX000', message });
        expect(await tried(shard, 99, target)).toEqual({ code: 'XX000', message });
      });

      it('a node that shall not have shards', async () => {
        const { shard, from } = await group(1);
        expect(await tried(shard, from, 1)).toEqual({
          code: '0A000',
          message: `Moving shards to a node that shouldn't have a shard is not supported`,
        });
      });

      it('a shard that is not there', async () => {
        const { from } = await group(1);
        const message = 'could not find valid entry for shard 1';
        expect(await tried('1', from, target)).toEqual({ code: 'XX000', message });
      });

      it('a reference table', async () => {
        const shard = (await placements(cluster(), 'plans'))[0]?.shard ?? '';
        const { from } = await group(1);
        expect(await tried(shard, from, target)).toEqual({
          code: '0A000',
          message:
            'table public.plans is a reference table, moving shard of a reference table is not supported',
        });
      });

      it('a table without a key, unless the mode says otherwise', async () => {
        await cluster().query('CREATE TABLE keyless (a int, b int)');
        await cluster().query(
          `SELECT create_distributed_table('keyless', 'a', colocate_with => 'none', shard_count => 3)`,
        );
        const found = (await placements(cluster(), 'keyless')).find(({ node }) => node !== target);
        const { shard = '', node: from = 0 } = found ?? {};
        expect(await tried(shard, from, target)).toEqual({
          code: '0A000',
          message:
            `cannot use logical replication to transfer shards of the relation keyless since it doesn't have a ` +
            `REPLICA IDENTITY or PRIMARY KEY`,
        });
        await move(cluster(), { shard, from, to: target, mode: 'block_writes' });
      });
    });

    it('lets a steady load go on without an error', async () => {
      const load = startLoad(cluster().coordinator, { tenants: 80 });
      const { shard, from } = await group(5);
      await move(cluster(), { shard, from, to: target });
      const { failed, inserted } = await load.stop();
      expect(failed).toBe(0);
      const [row] = await cluster().query(
        'SELECT count(*)::int AS stored FROM orders WHERE order_id >= 1000000',
      );
      expect(row).toEqual({ stored: inserted });
    });
  },
);
