import { afterAll, beforeAll, expect, test } from 'vitest';
import type { SandboxCluster } from '../../../sandbox/index.js';
import { byHand, hasTable, putOff } from '../../support/make-leftovers.js';
import { findToRemove, ordersIn, remove, shardOf, startWithOrders } from './support.js';

let cluster: SandboxCluster;
beforeAll(async () => {
  cluster = await startWithOrders();
});
afterAll(() => cluster.stop());

test('each kind is removed, and removing it again is nothing', async () => {
  const { name, other, home } = await shardOf(cluster);
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
  await expect.poll(async () => (await findToRemove(cluster)).length, { timeout: 10_000 }).toBe(8);
  const found = await findToRemove(cluster);
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
  expect(await remove(cluster, found)).toEqual(found.map(() => undefined));
  await expect.poll(() => findToRemove(cluster), { timeout: 10_000 }).toEqual([]);
  expect(await remove(cluster, found)).toEqual(found.map(() => undefined));
  expect([await hasTable(other, name), await hasTable(home, name)]).toEqual([false, true]);
  expect(await ordersIn(cluster)).toBe(2000);
});

test('a subscription that still receives goes, and then its slot', async () => {
  const { home, other } = await shardOf(cluster);
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
  const kinds = async (): Promise<string[]> => (await findToRemove(cluster)).map(({ kind }) => kind);
  // A slot that is read from is none.
  expect(await kinds()).toEqual(['subscription', 'publication']);
  expect(await remove(cluster, await findToRemove(cluster))).toEqual([undefined, undefined]);
  await expect.poll(kinds, { timeout: 10_000 }).toEqual(['replication slot']);
  expect(await remove(cluster, await findToRemove(cluster))).toEqual([undefined]);
  expect(await findToRemove(cluster)).toEqual([]);
  await byHand(home, 'drop table copied');
  await byHand(other, 'drop table copied');
});

test('partitions go before the table that they are of, and what others refer to is not dropped with them', async () => {
  const { other } = await shardOf(cluster);
  await byHand(
    other,
    'create table old_102001 (id bigint, constraint old_pkey_102001 primary key (id)) partition by range (id)',
    'create table old_part_102002 (id bigint, constraint old_part_pkey_102002 primary key (id))',
    'alter table old_102001 attach partition old_part_102002 for values from (1) to (10)',
    'create table kept (id bigint references old_part_102002)',
  );
  expect((await findToRemove(cluster)).map(({ name }) => name)).toEqual([
    'public.old_part_102002',
    'public.old_102001',
  ]);
  expect(await remove(cluster, await findToRemove(cluster))).toEqual([
    expect.stringMatching(/cannot drop table .* because other objects depend on it/),
    expect.stringContaining('it has partitions still'),
  ]);
  await byHand(other, 'drop table kept');
  expect(await remove(cluster, await findToRemove(cluster))).toEqual([undefined, undefined]);
  expect(await findToRemove(cluster)).toEqual([]);
});
