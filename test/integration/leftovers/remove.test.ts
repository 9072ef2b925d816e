import { afterAll, beforeAll, expect, test } from 'vitest';
import { withClient } from '../../../sandbox/postgres/query.js';
import { startCluster, type SandboxCluster } from '../../../sandbox/index.js';
import { findLeftovers } from '../../../src/activities/leftovers/find.js';
import { removeAll } from '../../../src/activities/leftovers/remove-all.js';
import type { Finding } from '../../../src/activities/leftovers/finding.js';
import { raisedSettings } from '../../../src/activities/leftovers/raised-settings.js';
import { withCoordinator, type Db } from '../../../src/citus/connect.js';
import { readNodes } from '../../../src/citus/nodes.js';
import { byHand, hasTable, placedShards, putOff, type PlacedShard } from '../../support/make-leftovers.js';
import { flavour } from '../../support/stage.js';
import { configOf } from '../connect/support.js';

let cluster: SandboxCluster;
beforeAll(async () => {
  cluster = await startCluster({ workers: 2, flavour });
  await cluster.query('create table orders (id bigint primary key, note text)');
  await cluster.query(`select create_distributed_table('orders', 'id', shard_count := 4)`);
  await cluster.query(`insert into orders select i, repeat('x', 200) from generate_series(1, 2000) i`);
});
afterAll(() => cluster.stop());

const asScaler = <T>(work: (db: Db) => Promise<T>): Promise<T> =>
  withCoordinator(configOf(cluster), { applicationName: 'test' }, work);

const find = (): Promise<Finding[]> =>
  asScaler(async (db) => {
    const nodes = await readNodes(db);
    const asked = nodes.map(({ node }) => node);
    return [...(await findLeftovers(db, nodes, asked)).leftovers, ...(await raisedSettings(db, asked))];
  });

/** What each removal answered. */
const remove = (findings: Finding[]): Promise<(string | undefined)[]> =>
  asScaler(async (db) => {
    const answers: (string | undefined)[] = [];
    for (const { remove: act } of findings) answers.push((await act?.(db))?.why);
    return answers;
  });

const first = async (): Promise<PlacedShard> => {
  const [shard] = await placedShards(cluster, 'orders');
  if (!shard) throw new Error('no shard');
  return shard;
};

const rows = async (): Promise<number> => {
  const [row] = await cluster.query<{ n: number }>('select count(*)::int as n from orders');
  return row?.n ?? 0;
};

async function move({ shardId }: PlacedShard, from: number, to: number): Promise<void> {
  const [ids] = await cluster.query<{ from: number; to: number }>(
    `select (select nodeid from pg_dist_node where nodeport = $1) as from, (select nodeid from pg_dist_node where nodeport = $2) as to`,
    [from, to],
  );
  await cluster.query(`select citus_move_shard_placement($1::int8, $2::int, $3::int, 'block_writes')`, [
    shardId,
    ids?.from,
    ids?.to,
  ]);
}

test('each kind is removed, and removing it again is nothing', async () => {
  const { name, other, home } = await first();
  await byHand(
    other,
    `create table ${name} (id bigint primary key, note text)`,
    `create table old_102001 (id bigint constraint old_pkey_102001 primary key, part int) `,
    `insert into ${name} values (1, 'half a copy')`,
    'create publication citus_shard_move_publication_7_10_900',
    'create role citus_shard_move_subscription_role_10_900 superuser login',
    `select pg_create_logical_replication_slot('citus_shard_move_slot_7_10_900', 'pgoutput')`,
    // Whom it hears has gone: it tries again every five seconds, for ever.
    `create subscription citus_shard_move_subscription_10_900 connection 'host=127.0.0.1 port=1' publication p
       with (connect = false, enabled = false, create_slot = false, slot_name = 'citus_shard_move_slot_7_10_901')`,
    'alter subscription citus_shard_move_subscription_10_900 enable',
    'alter subscription citus_shard_move_subscription_10_900 owner to citus_shard_move_subscription_role_10_900',
    `alter system set wal_retrieve_retry_interval = '100ms'`,
    'select pg_reload_conf()',
  );
  await putOff(cluster, { name: `public.${name}`, groupId: 99 });
  await putOff(cluster, { name: `public.${name}`, groupId: 99 });
  await expect.poll(async () => (await find()).length, { timeout: 10_000 }).toBe(8);
  const found = await find();
  expect(found.map(({ kind, node }) => [kind, node])).toEqual([
    ['subscription', other.address],
    ['replication slot', other.address],
    ['publication', other.address],
    ['role', other.address],
    ['shard table', other.address],
    ['shard table', other.address],
    ['pg_dist_cleanup row', cluster.coordinator.address],
    ['setting', other.address],
  ]);
  expect(await remove(found)).toEqual(found.map(() => undefined));
  await expect.poll(find, { timeout: 10_000 }).toEqual([]);
  expect(await remove(found)).toEqual(found.map(() => undefined));
  expect([await hasTable(other, name), await hasTable(home, name)]).toEqual([false, true]);
  expect(await rows()).toBe(2000);
});

test('a subscription that still receives goes, and then its slot', async () => {
  const { home, other } = await first();
  await byHand(
    home,
    'create table copied (id int primary key)',
    'create publication citus_shard_move_publication_7_10_910 for table copied',
    `select pg_create_logical_replication_slot('citus_shard_move_slot_7_10_910', 'pgoutput')`,
  );
  const { database, user, password, host, port } = home.login;
  await byHand(
    other,
    'create table copied (id int primary key)',
    `create subscription citus_shard_move_subscription_10_910
       connection 'host=${host} port=${port} dbname=${database} user=${user} password=${password}'
       publication citus_shard_move_publication_7_10_910
       with (copy_data = false, create_slot = false, slot_name = 'citus_shard_move_slot_7_10_910')`,
  );
  const active = 'select from pg_replication_slots where active';
  await expect.poll(async () => (await home.query(active)).length, { timeout: 15_000 }).toBe(1);
  const kinds = async (): Promise<string[]> => (await find()).map(({ kind }) => kind);
  // A slot that is read from is none.
  expect(await kinds()).toEqual(['subscription', 'publication']);
  expect(await remove(await find())).toEqual([undefined, undefined]);
  await expect.poll(kinds, { timeout: 10_000 }).toEqual(['replication slot']);
  expect(await remove(await find())).toEqual([undefined]);
  expect(await find()).toEqual([]);
  await byHand(home, 'drop table copied');
  await byHand(other, 'drop table copied');
});

test('partitions go before the table that they are of, and what others refer to is not dropped with them', async () => {
  const { other } = await first();
  await byHand(
    other,
    'create table old_102001 (id bigint, constraint old_pkey_102001 primary key (id)) partition by range (id)',
    'create table old_part_102002 (id bigint, constraint old_part_pkey_102002 primary key (id))',
    'alter table old_102001 attach partition old_part_102002 for values from (1) to (10)',
    'create table kept (id bigint references old_part_102002)',
  );
  expect((await find()).map(({ name }) => name)).toEqual(['public.old_part_102002', 'public.old_102001']);
  expect(await remove(await find())).toEqual([
    expect.stringMatching(/cannot drop table .* because other objects depend on it/),
    expect.stringContaining('it has partitions still'),
  ]);
  await byHand(other, 'drop table kept');
  expect(await remove(await find())).toEqual([undefined, undefined]);
  expect(await find()).toEqual([]);
});

test('a table that somebody uses is waited for no longer than a second', async () => {
  const { other, name } = await first();
  await byHand(other, `create table ${name} (id bigint primary key, note text)`);
  const found = await find();
  await withClient(other.login, async (client) => {
    await client.query('begin');
    await client.query(`select from ${name}`);
    expect(await remove(found)).toEqual([expect.stringContaining('lock timeout')]);
    await client.query('rollback');
  });
  expect(await remove(found)).toEqual([undefined]);
});

test('what got rows since it was seen is never dropped, and what proves that a table may go stays as long as the table', async () => {
  const { other, name } = await first();
  await byHand(other, `create table ${name} (id bigint primary key, note text)`);
  const found = await find();
  expect(found).toHaveLength(1);
  await byHand(other, `insert into ${name} values (1, 'written meanwhile')`);
  expect(await remove(found)).toEqual([expect.stringContaining('it holds rows by now')]);
  expect(await hasTable(other, name)).toBe(true);

  await putOff(cluster, { name: `public.${name}`, groupId: 99 });
  const covered = await find();
  expect(covered.map(({ kind }) => kind)).toEqual(['shard table', 'pg_dist_cleanup row']);
  const all = () => asScaler((db) => removeAll(db, covered, { find, mayAct: () => Promise.resolve() }));
  await withClient(other.login, async (client) => {
    await client.query('begin');
    await client.query(`select from ${name}`);
    await expect(all()).rejects.toThrow('lock timeout');
    await client.query('rollback');
  });
  expect((await find()).map(({ kind }) => kind)).toEqual(['shard table', 'pg_dist_cleanup row']);
  expect(await all()).toEqual({ notes: [] });
  expect(await find()).toEqual([]);
});

test('what becomes doubtful between two rounds ends the rounds', async () => {
  const { address } = (await first()).other;
  const item = { kind: 'shard table', node: address, name: 'public.t_102008', how: '' } as const;
  const refused = { ...item, name: 'public.t_102009' };
  let looks = 0;
  const looking = (): Promise<Finding[]> => {
    looks += 1;
    if (looks > 10) throw new Error('it goes round and round');
    return Promise.resolve([
      looks === 1 ? { ...item, remove: () => Promise.resolve(undefined) } : item,
      { ...refused, remove: () => Promise.resolve({ settled: false, why: 'lock timeout' }) },
    ]);
  };
  await expect(
    asScaler((db) => removeAll(db, [item, refused], { find: looking, mayAct: () => Promise.resolve() })),
  ).rejects.toThrow(`public.t_102009 on ${address} can't be removed yet: lock timeout`);
});

test('what has become a placement since it was seen is never dropped', async () => {
  const shard = await first();
  const { name, home, other } = shard;
  await byHand(other, `create table ${name} (id bigint primary key, note text)`);
  const found = await find();
  expect(found).toHaveLength(1);
  await move(shard, home.port, other.port);
  expect(await remove(found)).toEqual(['it is a placement by now']);
  expect(await hasTable(other, name)).toBe(true);
  expect(await rows()).toBe(2000);
  await cluster.query('call citus_cleanup_orphaned_resources()');
  await move(shard, other.port, home.port);
  await cluster.query('call citus_cleanup_orphaned_resources()');
  expect(await find()).toEqual([]);
});

test('while shards move there and back, their leftovers are dropped and nothing that lives', async () => {
  const shard = await first();
  const { name, home, other } = shard;
  await byHand(other, `create table ${name} (id bigint primary key, note text)`);
  const stale = await find();
  const answers = new Set<string | undefined>();
  const over = new AbortController();
  const removing = (async () => {
    while (!over.signal.aborted)
      for (const answer of await remove([...stale, ...(await find())])) answers.add(answer);
  })();
  for (let times = 0; times < 4; times += 1) {
    await move(shard, home.port, other.port);
    expect(await rows()).toBe(2000);
    await move(shard, other.port, home.port);
    expect(await rows()).toBe(2000);
  }
  over.abort();
  await removing;
  expect(await hasTable(home, name)).toBe(true);
  expect(await rows()).toBe(2000);
  expect(
    [...answers].filter(
      (answer) =>
        answer !== undefined && !/placement|a move makes it|another table|lock timeout/.test(answer),
    ),
  ).toEqual([]);
  expect(answers.size).toBeGreaterThan(1);
});
