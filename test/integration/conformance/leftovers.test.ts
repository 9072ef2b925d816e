import { describe, expect, it } from 'vitest';
import { loadData } from '../../../sandbox/data.js';
import { withClient, type SandboxNode } from '../../../sandbox/index.js';
import { conform } from './flavours.js';
import { move, startMove } from './mover.js';
import { nodeId, placements, refusal } from './questions.js';
import { endSessions, isWaiting, openSession } from './sessions.js';

conform(
  'leftovers',
  // Citus's daemon would finish prepared transactions by itself.
  { workers: 2, settings: { 'citus.recover_2pc_interval': '-1' } },
  (cluster) => loadData(cluster, { shards: 4, tenants: 40, events: 100 }),
  (cluster) => {
    const first = async () => {
      const [shard] = await placements(cluster(), 'events');
      const target = cluster().workers.find(({ port }) => port !== shard?.port);
      const source = cluster().workers.find(({ port }) => port === shard?.port);
      if (!shard || !target || !source) throw new Error('no shard');
      return { shard, source, target, to: await nodeId(cluster(), target.port) };
    };
    const onNode = async ({ host, port }: SandboxNode, command: string): Promise<string> => {
      const [row] = await cluster().query<{ success: boolean; result: string }>(
        'SELECT success, result FROM master_run_on_worker(array[$1::text], array[$2::int], array[$3::text], true)',
        [host, port, command],
      );
      return `${row?.success ? 'ok' : 'failed'}: ${row?.result ?? ''}`;
    };
    const rows = async (): Promise<number> => {
      const [row] = await cluster().query<{ n: number }>('SELECT count(*)::int AS n FROM events');
      return row?.n ?? 0;
    };

    describe('a shard table without a placement', () => {
      it('is seen, and dropped in one statement, over the connections of the coordinator', async () => {
        const { shard, target } = await first();
        const name = `events_${shard.shard}`;
        const count = `SELECT count(*) FROM pg_class WHERE relname = '${name}'`;
        const create = `DO $$ BEGIN PERFORM set_config('citus.enable_ddl_propagation', 'off', true); CREATE TABLE public.${name} (i int); END $$`;
        expect(await onNode(target, create)).toBe('ok: DO');
        expect(await onNode(target, count)).toBe('ok: 1');
        const drop = `DO $$ BEGIN PERFORM set_config('citus.enable_ddl_propagation', 'off', true); LOCK TABLE public.${name} IN ACCESS EXCLUSIVE MODE; DROP TABLE public.${name}; END $$`;
        expect(await onNode(target, drop)).toBe('ok: DO');
        expect(await onNode(target, count)).toBe('ok: 0');
        expect(await onNode(target, drop)).toMatch(
          /^failed: ERROR: {2}relation "public.events_\d+" does not exist/,
        );
        expect(await rows()).toBe(100);
      });
    });

    describe('whoever keeps writers off the records of the clean-up and the placements', () => {
      it('keeps moves from making or becoming a placement, until it is over', async () => {
        const { shard, target, to } = await first();
        const keeper = await openSession(cluster());
        await keeper.query('BEGIN');
        await keeper.query('LOCK TABLE pg_dist_cleanup, pg_dist_placement IN SHARE MODE');
        const moving = await startMove(cluster(), {
          shard: shard.shard,
          from: shard.node,
          to,
          mode: 'block_writes',
        });
        const blocked = `SELECT FROM pg_locks WHERE NOT granted AND relation IN ('pg_dist_cleanup'::regclass, 'pg_dist_placement'::regclass)`;
        await expect
          .poll(async () => (await cluster().query(blocked)).length, { timeout: 10_000 })
          .toBeGreaterThan(0);
        expect(
          await onNode(target, `SELECT count(*) FROM pg_class WHERE relname = 'events_${shard.shard}'`),
        ).toBe('ok: 0');
        expect(await isWaiting(cluster(), keeper)).toBe(false);
        await keeper.query('COMMIT');
        await moving.result;
        expect((await first()).shard.port).toBe(target.port);
        await endSessions();
        await cluster().query('CALL citus_cleanup_orphaned_resources()');
      });
    });

    describe('a record of the clean-up whose node group is gone', () => {
      it('is passed over in silence, and stops every move of its shard, to whichever node, until it is deleted', async () => {
        const { shard, to } = await first();
        await cluster().query(
          `INSERT INTO pg_dist_cleanup (record_id, operation_id, object_type, object_name, node_group_id, policy_type)
           VALUES (nextval('pg_dist_cleanup_recordid_seq'), 900, 1, $1, 99, 1)`,
          [`public.events_${shard.shard}`],
        );
        await cluster().query('CALL citus_cleanup_orphaned_resources()');
        const left = 'SELECT FROM pg_dist_cleanup WHERE node_group_id = 99';
        expect(await cluster().query(left)).toHaveLength(1);
        const wanted = { shard: shard.shard, from: shard.node, to, mode: 'block_writes' } as const;
        expect((await refusal(move(cluster(), wanted))).message).toBe(
          `shard move failed as the orphaned shard public.events_${shard.shard} leftover from the previous move could not be cleaned up`,
        );
        await cluster().query('DELETE FROM pg_dist_cleanup WHERE node_group_id = 99');
        await move(cluster(), wanted);
        expect(await rows()).toBe(100);
      });
    });

    describe('a transaction that was prepared on a worker', () => {
      it('is committed when it is on record, and rolled back else', async () => {
        const { target } = await first();
        const prepare = (table: string, id: string): Promise<void> =>
          withClient(target.login, async (client) => {
            await client.query('SET citus.enable_ddl_propagation = off');
            await client.query('BEGIN');
            await client.query(`CREATE TABLE ${table} (i int)`);
            await client.query(`PREPARE TRANSACTION '${id}'`);
          });
        await prepare('on_record', 'citus_0_4711_1_1');
        await prepare('not_on_record', 'citus_0_4711_2_1');
        await cluster().query(
          `INSERT INTO pg_dist_transaction (groupid, gid) SELECT groupid, 'citus_0_4711_1_1' FROM pg_dist_node WHERE nodeport = $1`,
          [target.port],
        );
        expect(await cluster().query('SELECT recover_prepared_transactions() AS n')).toEqual([{ n: 2 }]);
        expect(await target.query('SELECT FROM pg_prepared_xacts')).toEqual([]);
        expect(
          await target.query(
            `SELECT to_regclass('on_record') IS NOT NULL AS one, to_regclass('not_on_record') IS NULL AS two`,
          ),
        ).toEqual([{ one: true, two: true }]);
      });
    });
  },
);
