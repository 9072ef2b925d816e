import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { findFlavour, startCluster, type SandboxCluster, type SandboxNode } from '../../../sandbox/index.js';
import { repetitionOf } from '../../../src/failures.js';
import { follow } from '../../support/follow-remedy.js';
import { newRole } from '../../support/roles.js';
import { flavour } from '../../support/stage.js';
import { move, type Failed } from './support.js';

/** What repeats with the same cause is told as that, and is no outage: what counts it is test/unit/…/interceptor.test.ts. */
describe.skipIf(findFlavour(flavour).flavour !== 'citus')(
  'a move that would fail again and again (real Citus)',
  () => {
    let cluster: SandboxCluster;
    let source: SandboxNode;
    let target: SandboxNode;
    const afterwards: (() => unknown)[] = [];

    beforeAll(async () => {
      cluster = await startCluster({ workers: 2, flavour });
      const [first, second] = cluster.workers;
      if (!first || !second) throw new Error('two workers were wanted');
      [source, target] = [first, second];
      // Row security doesn't bind superusers.
      const { password } = newRole(cluster, 'app');
      await cluster.query(`create role app login password '${password}'`);
      await cluster.query(`create table orders (id bigint primary key, note text)`);
      await cluster.query(`select create_distributed_table('orders', 'id', shard_count => 16)`);
      await cluster.query(`insert into orders select i, md5(i::text) from generate_series(1, 2000) i`);
      await cluster.query(`grant all on schema public to app`);
      await cluster.query(`alter table orders owner to app`);
      await on(target, `alter system set wal_retrieve_retry_interval = '100ms'`, 'select pg_reload_conf()');
    });
    afterEach(async () => {
      for (const undo of afterwards.splice(0).reverse()) await undo();
    });
    afterAll(() => cluster.stop());

    /** Statements in a session of one server that tells no other node. */
    async function on(node: SandboxNode, ...statements: string[]): Promise<void> {
      const client = new pg.Client({ ...node.login, database: 'postgres' });
      await client.connect();
      try {
        for (const statement of statements) await client.query(statement);
      } finally {
        await client.end();
      }
    }

    /** Sets something for the database of the cluster on one node only. */
    async function setOn(node: SandboxNode, setting: string, value: string): Promise<void> {
      const database = `alter database ${cluster.database}`;
      await on(node, `${database} set ${setting} = ${value}`);
      afterwards.push(() => on(node, `${database} reset ${setting}`));
    }

    /** Holds up who wants to read a shard on the source, until the answer is called. */
    async function holdShard(shardId: number): Promise<() => Promise<void>> {
      const client = new pg.Client(source.login);
      client.on('error', () => undefined);
      await client.connect();
      const release = (): Promise<void> => client.end();
      afterwards.push(release);
      await client.query('set citus.enable_manual_changes_to_shards = on');
      await client.query('begin');
      await client.query(`lock table orders_${shardId} in access exclusive mode`);
      return release;
    }

    const ended = async (shardId?: number): Promise<Failed> => {
      const end = await (await move(cluster, source, target, shardId)).end;
      if (typeof end === 'string') throw new Error(`the move ${end}`);
      return end;
    };

    test.each(['statement_timeout', 'lock_timeout'])(
      'by %s on the source names it, and where it is set',
      async (setting) => {
        await setOn(source, setting, `'300ms'`);
        const [shard] = await cluster.query<{ id: number }>(
          `select min(shardid)::int as id from pg_dist_placement join pg_dist_node using (groupid) where nodeport = $1`,
          [source.port],
        );
        const release = await holdShard(shard?.id ?? 0);
        const failure = await ended(shard?.id);
        expect(failure).toMatchObject({
          type: 'Passing',
          message: `${source.address} ends what takes longer than ${setting} lets it (300ms)`,
        });
        expect(repetitionOf(failure)).toMatchObject({ most: 3 });
        const [{ evidence, remedies }] = failure.details;
        expect(evidence).toContain(`${setting} = 300ms on ${source.address}: ALTER DATABASE app SET`);
        expect(remedies[0]?.text).toContain(`ALTER DATABASE app RESET ${setting};`);
        await follow(cluster, remedies[0]?.text ?? '');
        await release();
        expect(await (await move(cluster, source, target, shard?.id)).end).toBe('ended');
      },
    );

    test('by an index that is sorted in more room than temp_file_limit lets it names it, and where it is set', async () => {
      await cluster.query(`create table bulky (id bigint primary key, note text)`);
      await cluster.query(
        `select create_distributed_table('bulky', 'id', shard_count => 1, colocate_with => 'none')`,
      );
      await cluster.query(
        `insert into bulky select i, repeat(md5(i::text), 4) from generate_series(1, 20000) i`,
      );
      await cluster.query('create index on bulky (note)');
      const [bulky] = await cluster.query<{ id: number; port: number }>(
        `select shardid::int as id, nodeport as port from pg_dist_shard join pg_dist_placement using (shardid)
           join pg_dist_node using (groupid) where logicalrelid = 'bulky'::regclass`,
      );
      const [from, to] = bulky?.port === source.port ? [source, target] : [target, source];
      await setOn(to, 'maintenance_work_mem', `'1MB'`);
      await setOn(to, 'temp_file_limit', `'100kB'`);
      const attempt = async () => (await move(cluster, from, to, bulky?.id)).end;
      const failure = (await attempt()) as Failed;
      expect(failure).toMatchObject({
        type: 'Passing',
        message: `${to.address} ends what takes more room than temp_file_limit lets it (100kB)`,
      });
      expect(repetitionOf(failure)).toMatchObject({ most: 3 });
      await follow(cluster, failure.details[0].remedies[0]?.text ?? '');
      expect(await attempt()).toBe('ended');
      await cluster.query('drop table bulky');
    });

    test('where the coordinator is set to tell no other node of it is told to all', async () => {
      await on(
        cluster.coordinator,
        'alter system set citus.enable_metadata_sync = off',
        'select pg_reload_conf()',
      );
      afterwards.push(() =>
        on(cluster.coordinator, 'alter system reset citus.enable_metadata_sync', 'select pg_reload_conf()'),
      );
      const { shardId, end } = await move(cluster, source, target);
      expect(await end).toBe('ended');
      for (const node of [cluster.coordinator, source, target])
        expect(
          await node.query(
            `select nodeport from pg_dist_placement join pg_dist_node using (groupid) where shardid = $1`,
            [shardId],
          ),
        ).toEqual([{ nodeport: target.port }]);
    });

    test('by rows that a constraint came too late for waits for a person, and names the constraint', async () => {
      await cluster.query(`alter table orders add constraint late check (id < 0) not valid`);
      afterwards.push(() => cluster.query('alter table orders drop constraint late'));
      const failure = await ended();
      expect(failure).toMatchObject({
        type: 'NeedsPerson',
        message: expect.stringMatching(/^rows of orders_\d+ violate its check constraint late/) as string,
      });
      expect(failure.details[0].remedies[0]).toMatchObject({ action: 'retry' });
    });

    test('by a node that takes no writes waits for a person at once', async () => {
      await cluster.query('call citus_cleanup_orphaned_resources()');
      await setOn(target, 'default_transaction_read_only', 'on');
      const failure = await ended();
      expect(failure).toMatchObject({
        type: 'NeedsPerson',
        message: `${target.address} takes no writes (default_transaction_read_only)`,
        details: [
          {
            remedies: expect.arrayContaining([
              {
                action: 'retry',
                text: expect.stringContaining(
                  'ALTER DATABASE app RESET default_transaction_read_only',
                ) as string,
              },
            ]) as object[],
          },
        ],
      });
      await follow(cluster, failure.details[0].remedies[0]?.text ?? '');
      await cluster.query('call citus_cleanup_orphaned_resources()');
      expect(await (await move(cluster, source, target)).end).toBe('ended');
    });

    test('by an apply worker that fails is ended, with what is wrong about the table', async () => {
      await cluster.query('call citus_cleanup_orphaned_resources()');
      await cluster.query(`alter table orders enable row level security`);
      await cluster.query(`alter table orders force row level security`);
      await cluster.query(`create policy everything on orders using (true)`);
      const enough = new AbortController();
      const writing = (async () => {
        while (!enough.signal.aborted)
          await cluster.query(`update orders set note = note || 'x' where id <= 300`);
      })();
      afterwards.push(async () => {
        enough.abort();
        await writing;
        await cluster.query(`alter table orders no force row level security`);
      });
      const failure = await ended();
      expect(failure).toMatchObject({
        type: 'Passing',
        message: expect.stringContaining(
          `its apply worker fails again and again (row security is forced on orders_`,
        ) as string,
      });
      expect(repetitionOf(failure)).toMatchObject({ most: 3 });
      expect(failure.details[0].evidence.join('\n')).toMatch(/failed \d+ times for this move/);
    });

    test('by a slot that was lost is ended, and names how much WAL the source keeps', async () => {
      await cluster.query('call citus_cleanup_orphaned_resources()');
      await on(source, `alter system set max_slot_wal_keep_size = '1MB'`, 'select pg_reload_conf()');
      afterwards.push(() =>
        on(source, 'alter system reset max_slot_wal_keep_size', 'select pg_reload_conf()'),
      );
      const moving = await move(cluster, source, target);
      await expect
        .poll(() => source.query(`select from pg_replication_slots where confirmed_flush_lsn is not null`), {
          interval: 20,
        })
        .toHaveLength(1);
      const release = await holdShard(moving.shardId);
      for (let i = 0; i < 4; i += 1)
        await on(
          source,
          `select pg_logical_emit_message(false, 'x', repeat('y', 1000000)) from generate_series(1, 10)`,
          'select pg_switch_wal()',
          'checkpoint',
        );
      await release();
      const end = await moving.end;
      expect(end).toMatchObject({
        type: 'Passing',
        message: expect.stringContaining(
          `the replication slot of this move on ${source.address} is lost`,
        ) as string,
      });
      expect(JSON.stringify(end)).toContain('max_slot_wal_keep_size');
    });
  },
);
