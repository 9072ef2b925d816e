import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { checksum, loadData, type Table, type TableChecksum } from '../../../sandbox/data.js';
import { withClient, type SandboxNode } from '../../../sandbox/index.js';
import { conform } from './flavours.js';
import { holdMoves, startMove, untilItMoves } from './mover.js';
import { addNode, inSync, nodeId, placements, refusal, until } from './questions.js';

conform(
  'draining',
  // Nothing is dropped in the background, so that what is left can be looked at.
  { workers: 3, settings: { 'citus.defer_shard_delete_interval': '10min' } },
  (cluster) => loadData(cluster, { shards: 6, tenants: 40, events: 100 }),
  (cluster) => {
    let before: Record<Table, TableChecksum>;
    let drained: SandboxNode;

    const setShouldHaveShards = (node: SandboxNode, value: boolean): Promise<unknown> =>
      cluster().query(`SELECT citus_set_node_property('127.0.0.1', $1, 'shouldhaveshards', $2)`, [
        node.port,
        value,
      ]);
    const shardsOn = async ({ port }: SandboxNode): Promise<number> => {
      const [row] = await cluster().query<{ count: number }>(
        `SELECT count(*)::int FROM pg_dist_placement JOIN pg_dist_node USING (groupid) JOIN pg_dist_shard USING (shardid)
           JOIN pg_dist_partition USING (logicalrelid) WHERE nodeport = $1 AND partmethod = 'h'`,
        [port],
      );
      return row?.count ?? 0;
    };
    const recorded = async (node: SandboxNode): Promise<string[]> => {
      const rows = await cluster().query<{ name: string }>(
        `SELECT object_name AS name FROM pg_dist_cleanup JOIN pg_dist_node ON groupid = node_group_id WHERE nodeport = $1 ORDER BY 1`,
        [node.port],
      );
      return rows.map(({ name }) => name);
    };
    /** Runs a statement, and answers what the server told about it meanwhile. */
    const told = (statement: string, values: unknown[] = []): Promise<string[]> =>
      withClient(cluster().coordinator.login, async (client) => {
        const notices: string[] = [];
        client.on('notice', ({ message }) => notices.push(message ?? ''));
        await client.query(statement, values);
        return notices;
      });

    beforeAll(async () => {
      before = await checksum(cluster());
      const [first] = cluster().workers;
      if (!first) throw new Error('no worker');
      drained = first;
    });

    describe('with citus_drain_node', () => {
      it('marks the node, moves every shard away, tells each move, and keeps every row', async () => {
        const moves = await told(`SELECT citus_drain_node('127.0.0.1', $1, 'block_writes')`, [drained.port]);
        expect(moves).toHaveLength(4);
        for (const move of moves) {
          expect(move).toMatch(
            new RegExp(`^Moving shard \\d+ from ${drained.address} to 127.0.0.1:\\d+ \\.\\.\\.$`),
          );
        }
        expect(await shardsOn(drained)).toBe(0);
        expect(await checksum(cluster())).toEqual(before);
        const marked = 'SELECT shouldhaveshards FROM pg_dist_node WHERE nodeport = $1';
        expect(await cluster().query(marked, [drained.port])).toEqual([{ shouldhaveshards: false }]);
      });

      it('leaves copies of reference tables where they are', async () => {
        expect((await placements(cluster(), 'plans')).map(({ port }) => port)).toContain(drained.port);
      });

      it('spreads what it moves', async () => {
        for (const node of cluster().workers.slice(1)) expect(await shardsOn(node)).toBe(12);
      });

      it('has nothing to do on an empty node', async () => {
        expect(await told(`SELECT citus_drain_node('127.0.0.1', $1)`, [drained.port])).toEqual([]);
      });

      it('keeps the mark and what has moved when it is cancelled', async () => {
        const [, second] = cluster().workers;
        if (!second) throw new Error('no worker');
        const release = await holdMoves(cluster(), [second.port]);
        const draining = refusal(
          told(`SET application_name = 'drainer'; SELECT citus_drain_node('127.0.0.1', ${second.port})`),
        );
        await until(
          'a move',
          async () => (await cluster().query('SELECT FROM get_rebalance_progress()')).length > 0,
        );
        await cluster().query(
          `SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE application_name = 'drainer'`,
        );
        expect((await draining).code).toBe('57014');
        await release();
        const marked = 'SELECT shouldhaveshards FROM pg_dist_node WHERE nodeport = $1';
        expect(await cluster().query(marked, [second.port])).toEqual([{ shouldhaveshards: false }]);
        expect(await checksum(cluster())).toEqual(before);
        await setShouldHaveShards(second, true);
      });

      it('refuses when there is no node left that may have shards', async () => {
        for (const node of cluster().workers.slice(1)) await setShouldHaveShards(node, false);
        const { port } = drained;
        expect(await refusal(cluster().query(`SELECT citus_drain_node('127.0.0.1', $1)`, [port]))).toEqual({
          code: 'XX000',
          message:
            'Shard replication factor (1) cannot be greater than number of nodes with should_have_shards=true (0).',
        });
        for (const node of cluster().workers.slice(1)) await setShouldHaveShards(node, true);
      });
    });

    describe('and what it leaves', () => {
      beforeEach(async () => {
        await cluster().query('CALL citus_cleanup_orphaned_resources()');
        await setShouldHaveShards(drained, true);
      });

      const moveTo = async (node: SandboxNode): Promise<string> => {
        const found = (await placements(cluster(), 'events')).find(({ port }) => port !== node.port);
        await cluster().query(`SELECT citus_move_shard_placement($1, $2, $3, 'block_writes')`, [
          found?.shard,
          found?.node,
          await nodeId(cluster(), node.port),
        ]);
        return found?.shard ?? '';
      };

      it('is dropped by citus_cleanup_orphaned_resources, before the node may go', async () => {
        const shard = await moveTo(drained);
        await cluster().query(`SELECT citus_drain_node('127.0.0.1', $1, 'block_writes')`, [drained.port]);
        expect(await recorded(drained)).toEqual([`public.events_${shard}`]);
        expect(await told('CALL citus_cleanup_orphaned_resources()')).toEqual([
          'cleaned up 1 orphaned resources',
        ]);
        expect(await recorded(drained)).toEqual([]);
        expect(await drained.query(`SELECT to_regclass('events_${shard}') AS it`)).toEqual([{ it: null }]);
      });

      it('is passed over in silence once the node is gone, and poisons the server for its return', async () => {
        const shard = await moveTo(drained);
        await cluster().query(`SELECT citus_drain_node('127.0.0.1', $1, 'block_writes')`, [drained.port]);
        await cluster().query(`SELECT citus_remove_node('127.0.0.1', $1)`, [drained.port]);
        const left = `SELECT object_name, policy_type FROM pg_dist_cleanup WHERE node_group_id NOT IN (SELECT groupid FROM pg_dist_node)`;
        const record = { object_name: `public.events_${shard}`, policy_type: 2 };
        expect(await cluster().query(left)).toEqual([record]);
        expect(await told('CALL citus_cleanup_orphaned_resources()')).toEqual([]);
        expect(await cluster().query(left)).toEqual([record]);

        const id = await addNode(cluster(), drained);
        await cluster().query('SELECT replicate_reference_tables()');
        const found = (await placements(cluster(), 'events')).find((placement) => placement.shard === shard);
        const back = (): Promise<unknown> =>
          cluster().query(`SELECT citus_move_shard_placement($1, $2, $3, 'block_writes')`, [
            shard,
            found?.node,
            id,
          ]);
        expect(await refusal(back())).toEqual({
          code: 'XX000',
          message: `shard move failed as the orphaned shard public.events_${shard} leftover from the previous move could not be cleaned up`,
        });
        await drained.query(`SET citus.enable_manual_changes_to_shards = on; DROP TABLE events_${shard}`);
        await cluster().query(
          'DELETE FROM pg_dist_cleanup WHERE node_group_id NOT IN (SELECT groupid FROM pg_dist_node)',
        );
        await back();
        expect(await checksum(cluster())).toEqual(before);
      });

      it('is not in the way of the move of another shard', async () => {
        await cluster().query(
          `INSERT INTO pg_dist_cleanup (record_id, operation_id, object_type, object_name, node_group_id, policy_type)
           VALUES (nextval('pg_dist_cleanup_recordid_seq'), 1, 1, 'public.nothing_1', 99, 2)`,
        );
        await moveTo(drained);
        await inSync(cluster());
        await cluster().query('DELETE FROM pg_dist_cleanup WHERE node_group_id = 99');
        await cluster().query(`SELECT citus_drain_node('127.0.0.1', $1, 'block_writes')`, [drained.port]);
      });
    });

    it('drains every node that is marked, with drain_only', async () => {
      const [, second] = cluster().workers;
      if (!second) throw new Error('no worker');
      await setShouldHaveShards(second, false);
      await cluster().query(
        `SELECT rebalance_table_shards(drain_only := true, shard_transfer_mode := 'block_writes')`,
      );
      expect([await shardsOn(drained), await shardsOn(second)]).toEqual([0, 0]);
      await setShouldHaveShards(drained, true);
      await setShouldHaveShards(second, true);
      await cluster().query(
        `SELECT rebalance_table_shards(rebalance_strategy := 'by_shard_count', shard_transfer_mode := 'block_writes')`,
      );
      expect([await shardsOn(drained), await shardsOn(second)]).toEqual([8, 8]);
      expect(await checksum(cluster())).toEqual(before);
    });

    it('lets a running move come to its end, although its target is marked meanwhile', async () => {
      const found = (await placements(cluster(), 'events')).find(({ port }) => port !== drained.port);
      const release = await holdMoves(cluster(), [found?.port ?? 0]);
      const running = await startMove(cluster(), {
        shard: found?.shard ?? '',
        from: found?.node ?? 0,
        to: await nodeId(cluster(), drained.port),
      });
      await untilItMoves(cluster(), running.pid);
      await setShouldHaveShards(drained, false);
      await release();
      await running.result;
      expect(await shardsOn(drained)).toBe(9);
      await setShouldHaveShards(drained, true);
    });
  },
);
