import { afterEach, beforeAll, expect, it } from 'vitest';
import { loadData } from '../../../sandbox/data.js';
import type { SandboxNode } from '../../../sandbox/index.js';
import { conform } from './flavours.js';
import { addNode, inSync, nodeId, placements, refusal, rolledBack } from './questions.js';

conform(
  'nodes that leave',
  {},
  (cluster) => loadData(cluster, { shards: 4, tenants: 20, events: 40 }),
  (cluster) => {
    let third: SandboxNode;

    const on =
      (statement: string) =>
      (port: number, more = ''): Promise<unknown> =>
        cluster().query(`SELECT ${statement}('127.0.0.1', $1${more})`, [port]);
    const addInactive = on('citus_add_inactive_node');
    const activate = on('citus_activate_node');
    const disable = on('citus_disable_node');
    const remove = on('citus_remove_node');
    const state = (port: number): Promise<unknown> =>
      cluster().query(
        `SELECT isactive, hasmetadata, metadatasynced, shouldhaveshards FROM pg_dist_node WHERE nodeport = $1`,
        [port],
      );
    const copiesOn = async (port: number): Promise<number> =>
      (await placements(cluster(), 'plans')).filter((placement) => placement.port === port).length;

    beforeAll(async () => {
      third = await cluster().addNode();
    });

    afterEach(() => inSync(cluster()));

    it('are added inactive without a look at them, and removed again', async () => {
      await addInactive(9);
      await addInactive(9);
      expect(await state(9)).toEqual([
        { isactive: false, hasmetadata: false, metadatasynced: false, shouldhaveshards: true },
      ]);
      expect((await refusal(activate(9))).message).toContain('Connection refused');
      await remove(9);
      expect(await state(9)).toEqual([]);
    });

    it('hold nothing and count for nothing while they are inactive', async () => {
      await addInactive(third.port);
      const [row] = await cluster().query(
        `SELECT (SELECT count(*)::int FROM run_command_on_workers('SELECT 1')) AS commands,
           (SELECT count(*)::int FROM citus_check_cluster_node_health()) AS pairs,
           (SELECT count(*)::int FROM get_rebalance_table_shards_plan()) AS moves,
           (SELECT count(*)::int FROM pg_dist_node WHERE NOT isactive) AS inactive`,
      );
      expect(row).toEqual({ commands: 2, pairs: 9, moves: 0, inactive: 1 });
      const [shard] = await placements(cluster(), 'orders');
      const target = await nodeId(cluster(), third.port);
      const move = cluster().query('SELECT citus_move_shard_placement($1, $2, $3)', [
        shard?.shard,
        shard?.node,
        target,
      ]);
      expect(await refusal(move)).toEqual({
        code: 'XX000',
        message: `node with node id ${target} could not be found`,
      });
    });

    it('get metadata when they are activated, and copies of reference tables when somebody asks', async () => {
      await activate(third.port);
      const all = { isactive: true, hasmetadata: true, metadatasynced: true, shouldhaveshards: true };
      expect(await state(third.port)).toEqual([all]);
      expect(await third.query('SELECT FROM pg_dist_node')).toHaveLength(4);
      expect(await copiesOn(third.port)).toBe(0);
      await cluster().query('SELECT replicate_reference_tables()');
      expect(await copiesOn(third.port)).toBe(1);
    });

    it('may not be the first worker when they are disabled, unless all others hear of it at once', async () => {
      const ports = cluster().workers.map(({ port }) => port);
      expect(await refusal(disable(Math.min(...ports)))).toEqual({
        code: '55000',
        message: 'disabling the first worker node in the metadata is not allowed',
      });
    });

    it('may not be the coordinator when they are disabled', async () => {
      expect(await refusal(disable(cluster().coordinator.port))).toEqual({
        code: 'XX000',
        message: 'cannot change "isactive" field of the coordinator node',
      });
    });

    it('are inactive at once when they are disabled, and the others hear of it later', async () => {
      // By a port that is never the first.
      const late = Math.max(third.port, ...cluster().workers.map(({ port }) => port)) === third.port;
      await disable(third.port, late ? '' : ', true');
      expect(await state(third.port)).toMatchObject([{ isactive: false, hasmetadata: true }]);
      await inSync(cluster());
      const told = await cluster().workers[0]?.query(
        'SELECT isactive FROM pg_dist_node WHERE nodeport = $1',
        [third.port],
      );
      expect(told).toEqual([{ isactive: false }]);
    });

    it('keep their copies of reference tables on record while they are disabled, and miss what is written', async () => {
      expect(await copiesOn(third.port)).toBe(1);
      const [copy] = await placements(cluster(), 'plans');
      await cluster().query(`INSERT INTO plans VALUES (60, 'missed')`);
      const missed = `SELECT FROM plans_${copy?.shard} WHERE plan_id = 60`;
      expect(await third.query(missed)).toEqual([]);
      await activate(third.port);
      expect(await copiesOn(third.port)).toBe(0);
      await cluster().query('SELECT replicate_reference_tables()');
      expect(await third.query(missed)).toHaveLength(1);
    });

    it('are gone with their copies of reference tables when they are removed', async () => {
      await remove(third.port);
      expect(await state(third.port)).toEqual([]);
      expect(await copiesOn(third.port)).toBe(0);
      await cluster().query(`INSERT INTO plans VALUES (61, 'later')`);
    });

    it('may be the coordinator when they are removed, since its copies are not the only ones', async () => {
      await rolledBack(cluster(), async (client) => {
        await client.query(`SELECT citus_remove_node('127.0.0.1', $1)`, [cluster().coordinator.port]);
        expect((await client.query('SELECT FROM pg_dist_node WHERE groupid = 0')).rows).toEqual([]);
      });
    });

    it('are forgotten with what they know in one transaction with the end of their metadata', async () => {
      await addNode(cluster(), third);
      await cluster().query('SELECT replicate_reference_tables()');
      await cluster().query(
        `SELECT stop_metadata_sync_to_node('127.0.0.1', ${third.port}), citus_remove_node('127.0.0.1', ${third.port})`,
      );
      expect(await third.query('SELECT FROM pg_dist_node')).toEqual([]);
      expect(await third.query('SELECT groupid FROM pg_dist_local_group')).toEqual([{ groupid: 0 }]);
    });

    it('must be in a group of their own when they are added, and primaries in the default cluster', async () => {
      const add = (more: string): Promise<unknown> =>
        refusal(cluster().query(`SELECT citus_add_node('127.0.0.1', 10, ${more})`));
      const taken = 'group 2 already has a primary node';
      expect(await add('groupid => 2')).toEqual({ code: 'XX000', message: taken });
      const elsewhere = 'primaries must be added to the default cluster';
      expect(await add(`nodecluster => 'other'`)).toEqual({ code: 'XX000', message: elsewhere });
    });
  },
);
