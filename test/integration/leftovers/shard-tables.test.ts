import { afterAll, beforeAll, expect, test } from 'vitest';
import type { SandboxCluster } from '../../../sandbox/index.js';
import { byHand, putOff } from '../../support/make-leftovers.js';
import { find, linesFor, shardOf, startWithOrders } from './support.js';

let cluster: SandboxCluster;
beforeAll(async () => {
  cluster = await startWithOrders();
});
afterAll(() => cluster.stop());

test('a shard table without a placement and without rows is one, with its size, while the placed copy is there', async () => {
  const { name, other } = await shardOf(cluster);
  await byHand(other, `create table ${name} (id bigint primary key, note text)`);
  try {
    expect(await linesFor(cluster)).toEqual([`remove shard table public.${name} on ${other.address}`]);
    const [found] = (await find(cluster)).leftovers;
    expect(found?.bytes).toBeGreaterThanOrEqual(8_192);
    expect(found?.how).toContain(`DROP TABLE public.${name}`);
  } finally {
    await byHand(other, `drop table ${name}`);
  }
});

test('one with rows is left, however few they are: they may be all there is of what was given up; unless Citus wanted it dropped', async () => {
  const { name, other } = await shardOf(cluster);
  await byHand(
    other,
    `create table ${name} (id bigint primary key, note text)`,
    `insert into ${name} values (1, 'from before the shard was rebuilt')`,
  );
  try {
    expect(await linesFor(cluster)).toEqual([`leave shard table public.${name} on ${other.address}`]);
    expect((await find(cluster)).leftovers[0]?.how).toMatch(
      /may hold rows that are nowhere else: 8.2 kB, and .* kB on .*First compare the rows: drop it only if none is missing. To drop it, run on .*DROP TABLE/,
    );
    await putOff(cluster, { name: `public.${name}`, groupId: 99 });
    expect(await linesFor(cluster)).toEqual([
      `remove shard table public.${name} on ${other.address}`,
      `remove pg_dist_cleanup row public.${name} of group 99 on ${cluster.coordinator.address}`,
    ]);
    expect((await find(cluster)).leftovers[0]?.how).toContain('pg_dist_cleanup names it');
  } finally {
    await cluster.query('delete from pg_dist_cleanup');
    await byHand(other, `drop table ${name}`);
  }
});

test('a table that Citus is about to drop by itself is none', async () => {
  const { name, other } = await shardOf(cluster);
  await byHand(other, `create table ${name} (id bigint primary key)`);
  const [node] = await cluster.query<{ group: number }>(
    'select groupid as "group" from pg_dist_node where nodeport = $1',
    [other.port],
  );
  await putOff(cluster, { name: `public.${name}`, groupId: node?.group ?? -1 });
  expect(await linesFor(cluster)).toEqual([]);
  await cluster.query('call citus_cleanup_orphaned_resources()');
  expect(await linesFor(cluster)).toEqual([]);
});

test('tables of people are none, whatever their names end in', async () => {
  const { shardId, other, home } = await shardOf(cluster);
  await byHand(
    other,
    `create table backup_${shardId} (id bigint)`,
    'create table report_202501 (id bigint primary key)',
    `create schema archive`,
    `create table archive.orders_${shardId} (id bigint)`,
  );
  await cluster.query(`create table invoices_102001 (id bigint constraint invoices_pkey_102001 primary key)`);
  await cluster.query(`create table sales_102002 (id bigint primary key)`);
  await cluster.query(
    `select create_distributed_table('sales_102002', 'id', shard_count := 2, colocate_with := 'none')`,
  );
  try {
    expect(await linesFor(cluster)).toEqual([]);
    expect(home.isRunning()).toBe(true);
  } finally {
    await byHand(other, `drop table backup_${shardId}, report_202501`, 'drop schema archive cascade');
    await cluster.query('drop table invoices_102001');
    await cluster.query('drop table sales_102002');
    await cluster.query('call citus_cleanup_orphaned_resources()');
  }
});

test('a table that is larger than the placed copy is left even so: the row may be of another server', async () => {
  const { name, other } = await shardOf(cluster, 1);
  await byHand(
    other,
    `create table ${name} (id bigint primary key, note text)`,
    `insert into ${name} select i, repeat('y', 500) from generate_series(1, 5000) i`,
  );
  await putOff(cluster, { name: `public.${name}`, groupId: 99 });
  try {
    expect((await linesFor(cluster))[0]).toBe(`leave shard table public.${name} on ${other.address}`);
    expect((await find(cluster)).leftovers[0]?.how).toMatch(
      /may hold rows that are nowhere else: .* MB, and .* kB on/,
    );
  } finally {
    await cluster.query('delete from pg_dist_cleanup');
    await byHand(other, `drop table ${name}`);
  }
});

test('a table whose shard has no other copy is left, and said', async () => {
  const { name, shardId, home, other } = await shardOf(cluster, 2);
  await byHand(other, `create table ${name} (id bigint primary key, note text)`);
  await cluster.query('create table kept_placement as select * from pg_dist_placement where shardid = $1', [
    shardId,
  ]);
  await cluster.query('delete from pg_dist_placement where shardid = $1', [shardId]);
  try {
    expect(await linesFor(cluster)).toContain(`leave shard table public.${name} on ${other.address}`);
    const found = (await find(cluster)).leftovers.find(({ node }) => node === other.address);
    expect(found?.how).toContain('only copy');
  } finally {
    await cluster.query('insert into pg_dist_placement select * from kept_placement');
    await cluster.query('drop table kept_placement');
  }
  await byHand(home, `alter table ${name} rename to away`);
  try {
    expect(await linesFor(cluster)).toContain(`leave shard table public.${name} on ${other.address}`);
  } finally {
    await byHand(home, `alter table away rename to ${name}`);
    await byHand(other, `drop table ${name}`);
  }
});

test('a shard of a table that was dropped is one when it is empty and its indexes are named as Citus does; else it is said only', async () => {
  const { other } = await shardOf(cluster);
  await byHand(
    other,
    'create table old_102001 (id bigint constraint old_pkey_102001 primary key)',
    'create table older_102002 (id bigint)',
    'create table full_102003 (id bigint constraint full_pkey_102003 primary key)',
    'insert into full_102003 values (1)',
  );
  try {
    expect((await linesFor(cluster)).sort()).toEqual([
      `leave shard table public.full_102003 on ${other.address}`,
      `leave shard table public.older_102002 on ${other.address}`,
      `remove shard table public.old_102001 on ${other.address}`,
    ]);
  } finally {
    await byHand(other, 'drop table old_102001, older_102002, full_102003');
  }
});
