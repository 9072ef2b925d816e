import { afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import type { SandboxNode } from '../../../sandbox/index.js';
import { isPassingError } from '../../../src/activities/runtime/classify.js';
import { checksum, loadData, type Table, type TableChecksum } from '../../../sandbox/data.js';
import { conform } from './flavours.js';
import { holdMoves, move, startMove, untilItMoves, type WantedMove } from './mover.js';
import { addNode, placements, refusal, until } from './questions.js';

conform(
  'mid-move',
  {},
  (cluster) => loadData(cluster, { shards: 8, tenants: 80, events: 500 }),
  (cluster) => {
    let before: Record<Table, TableChecksum>;
    let target: { id: number; node: SandboxNode };
    let wanted: WantedMove & { port: number };
    let release: () => Promise<void>;

    const nodeOf = async (shard: string): Promise<number | undefined> =>
      (await placements(cluster(), 'orders')).find((placement) => placement.shard === shard)?.node;

    /** Moves again and again until it works: what is left of a broken one may be in the way for some seconds. */
    const moveAgain = async (): Promise<void> => {
      await until(
        'the move after all',
        () =>
          move(cluster(), wanted).then(
            () => true,
            () => false,
          ),
        60,
      );
      expect(await nodeOf(wanted.shard)).toBe(wanted.to);
    };

    const moves = `SELECT FROM pg_stat_activity WHERE application_name = 'conformance move'`;

    const sourceOf = ({ port }: { port: number }): SandboxNode => {
      const node = cluster().workers.find((worker) => worker.port === port);
      if (!node) throw new Error(`no worker with port ${port}`);
      return node;
    };

    const nothingIsLeft = async (): Promise<boolean> => {
      await cluster().query('CALL citus_cleanup_orphaned_resources()');
      return (await cluster().query('SELECT FROM pg_dist_cleanup')).length === 0;
    };

    beforeAll(async () => {
      before = await checksum(cluster());
      const node = await cluster().addNode();
      target = { id: await addNode(cluster(), node), node };
      await cluster().query('SELECT replicate_reference_tables()');
    });

    beforeEach(async () => {
      const placement = (await placements(cluster(), 'orders')).find(({ node }) => node !== target.id);
      if (!placement) throw new Error('everything has moved already');
      wanted = { shard: placement.shard, from: placement.node, to: target.id, port: placement.port };
      release = await holdMoves(cluster(), [placement.port]);
    });

    afterEach(async () => {
      await release();
      // Whatever a failed test has killed, so that the next one doesn't fail for it.
      await cluster().coordinator.start();
      for (const node of cluster().workers) await node.start();
      await until('the end of all moves', async () => (await cluster().query(moves)).length === 0);
      await until('the end of what they left', nothingIsLeft);
      expect(await checksum(cluster())).toEqual(before);
    });

    it('shows progress to others, refuses a twin, and is gone from there when it is done', async () => {
      const running = await startMove(cluster(), wanted);
      await untilItMoves(cluster(), running.pid);
      const rows = await cluster().query<Record<string, unknown>>(
        `SELECT p.*, s.nodeid AS source, t.nodeid AS target FROM get_rebalance_progress() p
           JOIN pg_dist_node s ON s.nodeport = sourceport JOIN pg_dist_node t ON t.nodeport = targetport ORDER BY p.shardid`,
      );
      expect(rows.map(({ table_name }) => table_name)).toEqual(['tenants', 'orders', 'order_lines']);
      for (const row of rows) {
        const { sessionid, source, target: to, operation_type, progress } = row;
        expect({ sessionid, source, to, operation_type, progress }).toEqual({
          sessionid: running.pid,
          source: wanted.from,
          to: wanted.to,
          operation_type: 'move',
          progress: '1',
        });
        expect(['Setting Up', 'Copying Data', 'Catching Up']).toContain(row['status']);
        expect(Number(row['source_shard_size'])).toBeGreaterThan(0);
      }
      const started = performance.now();
      expect(await refusal(move(cluster(), wanted))).toEqual({
        code: 'XX000',
        message: 'could not acquire the lock required to move public.orders',
      });
      expect(performance.now() - started).toBeLessThan(1000);
      await release();
      await running.result;
      expect(await cluster().query('SELECT FROM get_rebalance_progress()')).toEqual([]);
      expect(await nodeOf(wanted.shard)).toBe(wanted.to);
    });

    it('can be cancelled at once, and changes nothing then', async () => {
      const running = await startMove(cluster(), wanted);
      await untilItMoves(cluster(), running.pid);
      const started = performance.now();
      await cluster().query('SELECT pg_cancel_backend($1::int)', [running.pid]);
      expect(await refusal(running.result)).toEqual({
        code: '57014',
        message: 'canceling statement due to user request',
      });
      expect(performance.now() - started).toBeLessThan(1000);
      expect(await nodeOf(wanted.shard)).toBe(wanted.from);
      await release();
      await moveAgain();
    });

    it('goes on when its client is gone', async () => {
      const running = await startMove(cluster(), wanted);
      await untilItMoves(cluster(), running.pid);
      running.abandon();
      const [row] = await cluster().query(
        'SELECT application_name, state FROM pg_stat_activity WHERE pid = $1',
        [running.pid],
      );
      expect(row).toEqual({ application_name: 'conformance move', state: 'active' });
      await release();
      await until('the end of the move', async () => (await nodeOf(wanted.shard)) === wanted.to);
    });

    it.each([
      ['target', (port: number) => `Could not fetch disk stats for node: 127.0.0.1-${port}`],
      ['source', () => 'cannot get the size because of a connection error'],
    ] as const)(
      'fails soon when its %s dies, in a way that passes, and works when that is back',
      async (which, refusedWith) => {
        const dying = which === 'target' ? target.node : sourceOf(wanted);
        const running = await startMove(cluster(), wanted);
        await untilItMoves(cluster(), running.pid);
        // With the transaction gone that it waits for, it is at work on the target when that dies.
        const started = performance.now();
        await dying.kill();
        if (cluster().flavour === 'citus') await release();
        // What it says depends on where it was. That waiting helps is what counts.
        const { code, message } = await refusal(running.result);
        expect(isPassingError(Object.assign(new Error(message), { code })), message).toBe(true);
        expect(performance.now() - started).toBeLessThan(10_000);
        expect(await nodeOf(wanted.shard)).toBe(wanted.from);
        expect((await refusal(move(cluster(), wanted))).message).toBe(refusedWith(dying.port));
        await dying.start();
        await release();
        await moveAgain();
      },
    );

    it('leaves everything as it was when the coordinator crashes, and works when that is back', async () => {
      const running = await startMove(cluster(), wanted);
      await untilItMoves(cluster(), running.pid);
      await cluster().coordinator.kill();
      await refusal(running.result);
      await cluster().coordinator.start();
      expect(await nodeOf(wanted.shard)).toBe(wanted.from);
      expect(await checksum(cluster())).toEqual(before);
      expect(await cluster().query('SELECT FROM get_rebalance_progress()')).toEqual([]);
      await release();
      await moveAgain();
    });
  },
);
