import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { loadData } from '../../../sandbox/data.js';
import type { SandboxNode } from '../../../sandbox/index.js';
import { conform } from './flavours.js';
import { inSync, nodeId, placements, refusal, rolledBack, until } from './questions.js';

conform(
  'standbys',
  {},
  (cluster) => loadData(cluster, { shards: 4, tenants: 20, events: 40 }),
  (cluster) => {
    let primary: SandboxNode;
    let standby: SandboxNode;
    let id: number;

    const property = (port: number, value: boolean): Promise<unknown> =>
      cluster().query(`SELECT citus_set_node_property('127.0.0.1', $1, 'shouldhaveshards', $2)`, [
        port,
        value,
      ]);
    const remove = (port: number): Promise<unknown> =>
      cluster().query(`SELECT citus_remove_node('127.0.0.1', $1)`, [port]);
    const roles = (): Promise<unknown> =>
      cluster().query(
        `SELECT groupid, noderole::text AS role, nodecluster AS cluster, isactive, hasmetadata, metadatasynced, shouldhaveshards
         FROM pg_dist_node WHERE groupid = 1 ORDER BY nodeid`,
      );

    beforeAll(async () => {
      const [first] = cluster().workers;
      if (!first) throw new Error('no worker');
      primary = first;
      standby = await cluster().addNode();
      const [row] = await cluster().query<{ id: number }>(
        `SELECT citus_add_secondary_node('127.0.0.1', $1, '127.0.0.1', $2) AS id`,
        [standby.port, primary.port],
      );
      id = row?.id ?? 0;
    });

    afterEach(() => inSync(cluster()));
    afterAll(() => primary.start());

    it('are rows in the group of their primary, and nothing more', async () => {
      const same = { groupid: 1, cluster: 'default', isactive: true, shouldhaveshards: true };
      expect(await roles()).toEqual([
        { ...same, role: 'primary', hasmetadata: true, metadatasynced: true },
        { ...same, role: 'secondary', hasmetadata: false, metadatasynced: false },
      ]);
    });

    it('are registered once, and need a primary', async () => {
      const add = 'SELECT citus_add_secondary_node($1, $2, $1, $3) AS id';
      expect(await cluster().query(add, ['127.0.0.1', standby.port, primary.port])).toEqual([{ id }]);
      expect(await refusal(cluster().query(add, ['127.0.0.1', 7, 8]))).toEqual({
        code: 'XX000',
        message: 'node at "127.0.0.1:8" does not exist',
      });
    });

    it('are not looked at: an address where nobody answers will do, in any cluster', async () => {
      await rolledBack(cluster(), async (client) => {
        await client.query(`SELECT citus_add_secondary_node('127.0.0.1', 7, '127.0.0.1', $1, 'replicas')`, [
          primary.port,
        ]);
        const { rows } = await client.query(
          'SELECT noderole::text, nodecluster FROM pg_dist_node WHERE nodeport = 7',
        );
        expect(rows).toEqual([{ noderole: 'secondary', nodecluster: 'replicas' }]);
      });
    });

    it('make citus_shards count every shard of their group twice', async () => {
      const rows = await cluster().query<{ port: number; count: number }>(
        `SELECT nodeport AS port, count(*)::int FROM citus_shards WHERE table_name = 'orders'::regclass GROUP BY 1`,
      );
      const expected = [
        { port: primary.port, count: 2 },
        { port: cluster().workers[1]?.port, count: 2 },
        { port: standby.port, count: 2 },
      ];
      expect(new Set(rows)).toEqual(new Set(expected));
      expect(await placements(cluster(), 'orders')).toHaveLength(4);
    });

    it('take no part: no statement goes there, none asks for their health or size', async () => {
      const [row] = await cluster().query(
        `SELECT (SELECT count(*)::int FROM run_command_on_workers('SELECT 1')) AS commands,
           (SELECT count(*)::int FROM run_command_on_all_nodes('SELECT 1')) AS everywhere,
           (SELECT count(*)::int FROM citus_check_cluster_node_health()) AS pairs,
           (SELECT count(*)::int FROM citus_get_active_worker_nodes()) AS active,
           (SELECT count(*)::int FROM citus_shard_sizes()) AS sizes`,
      );
      expect(row).toEqual({ commands: 2, everywhere: 3, pairs: 9, active: 2, sizes: 19 });
    });

    it('are neither source nor target of a plan or a move', async () => {
      await rolledBack(cluster(), async (client) => {
        await client.query(`SELECT citus_set_node_property('127.0.0.1', $1, 'shouldhaveshards', false)`, [
          primary.port,
        ]);
        const { rows } = await client.query<{ targetport: number; sourceport: number }>(
          `SELECT DISTINCT sourceport, targetport FROM get_rebalance_table_shards_plan(drain_only := true)`,
        );
        expect(rows).toEqual([{ sourceport: primary.port, targetport: cluster().workers[1]?.port }]);
      });
      const [shard] = await placements(cluster(), 'orders');
      const move = cluster().query('SELECT citus_move_shard_placement($1, $2, $3)', [
        shard?.shard,
        shard?.node,
        id,
      ]);
      expect((await refusal(move)).message).toBe(`node with node id ${id} could not be found`);
    });

    it('have a property of their own, and can be disabled, but not made active again', async () => {
      await property(standby.port, false);
      await cluster().query(`SELECT citus_disable_node('127.0.0.1', $1)`, [standby.port]);
      await inSync(cluster());
      await cluster().query(`SELECT citus_activate_node('127.0.0.1', $1)`, [standby.port]);
      const ask = 'SELECT isactive, shouldhaveshards FROM pg_dist_node WHERE nodeid = $1';
      expect(await cluster().query(ask, [id])).toEqual([{ isactive: false, shouldhaveshards: false }]);
    });

    it('can be removed while their primary answers', async () => {
      await remove(standby.port);
      const [row] = await cluster().query<{ id: number }>(
        `SELECT citus_add_secondary_node('127.0.0.1', $1, '127.0.0.1', $2) AS id`,
        [standby.port, primary.port],
      );
      expect(row?.id).not.toBe(id);
      id = row?.id ?? 0;
    });

    it('cannot be removed while their primary is dead, and are in the way of its new address', async () => {
      await primary.kill();
      const refused = await refusal(remove(standby.port));
      expect(refused.code).toBe('08006');
      const rename = cluster().query(`SELECT citus_update_node($1, '127.0.0.1', $2)`, [
        await nodeId(cluster(), primary.port),
        standby.port,
      ]);
      expect(await refusal(rename)).toEqual({
        code: '55000',
        message: 'there is already another node with the specified hostname and port',
      });
    });

    it('take over by three changes of addresses in one transaction', async () => {
      const primaryId = await nodeId(cluster(), primary.port);
      await cluster().query(
        `SELECT citus_update_node(${id}, '127.0.0.1-demoted', ${primary.port}),
           citus_update_node(${primaryId}, '127.0.0.1', ${standby.port}, true, 2000),
           citus_update_node(${id}, '127.0.0.1', ${primary.port})`,
      );
      expect(await nodeId(cluster(), standby.port)).toBe(primaryId);
      await inSync(cluster());
      expect(await roles()).toMatchObject([
        { role: 'primary', metadatasynced: true },
        { role: 'secondary', hasmetadata: false },
      ]);
      for (const node of [standby, cluster().workers[1]]) {
        const told = await node?.query('SELECT nodeport FROM pg_dist_node WHERE nodeid = $1', [primaryId]);
        expect(told).toEqual([{ nodeport: standby.port }]);
      }
      const [mine] = await standby.query('SELECT groupid FROM pg_dist_local_group');
      expect(mine).toEqual({ groupid: 1 });
    });

    it('send statements to the new address from then on', async () => {
      const shards = await placements(cluster(), 'orders');
      expect(shards.map(({ port }) => port)).toContain(standby.port);
      // The server is there and the data is not, since nothing was replicated: that is what tells.
      const missing = await refusal(cluster().query('SELECT count(*) FROM orders'));
      expect(missing).toMatchObject({
        code: '42P01',
        message: expect.stringMatching(/^relation "public.orders_\d+" does not exist$/) as string,
      });
    });

    it('can be removed once they are the old primary, dead or not', async () => {
      await until('the removal', () =>
        remove(primary.port).then(
          () => true,
          () => false,
        ),
      );
      expect(await roles()).toMatchObject([{ role: 'primary' }]);
    });
  },
);
