import { afterAll, beforeAll, expect, test } from 'vitest';
import { withClient } from '../../../sandbox/postgres/query.js';
import { findFlavour, startCluster, type SandboxCluster } from '../../../sandbox/index.js';
import { findLeftovers, type Found } from '../../../src/activities/leftovers/find.js';
import { withCoordinator } from '../../../src/citus/connect.js';
import { readNodes } from '../../../src/citus/nodes.js';
import { asNode, byHand, placedShards, putOff, type PlacedShard } from '../../support/make-leftovers.js';
import { slowMoves } from '../../support/slow-moves.js';
import { flavour } from '../../support/stage.js';
import { configOf } from '../connect/support.js';

const isStandIn = findFlavour(flavour).flavour === 'stand-in';

let cluster: SandboxCluster;
let shards: PlacedShard[];
beforeAll(async () => {
  cluster = await startCluster({ workers: 2, flavour });
  await cluster.query('create table orders (id bigint primary key, note text)');
  await cluster.query(`select create_distributed_table('orders', 'id', shard_count := 4)`);
  await cluster.query(`insert into orders select i, repeat('x', 200) from generate_series(1, 2000) i`);
  shards = await placedShards(cluster, 'orders');
});
afterAll(() => cluster.stop());

const find = (): Promise<Found> =>
  withCoordinator(configOf(cluster), { applicationName: 'test' }, async (db) => {
    const nodes = await readNodes(db);
    return findLeftovers(
      db,
      nodes,
      nodes.map(({ node }) => node),
    );
  });

/** What is found, and whether it may be removed. */
const said = async (): Promise<string[]> =>
  (await find()).leftovers.map(
    ({ kind, node, name, remove }) => `${remove ? 'remove' : 'leave'} ${kind} ${name} on ${node}`,
  );

const shard = (index = 0): PlacedShard => {
  const found = shards[index];
  if (!found) throw new Error(`no shard ${index}`);
  return found;
};

test('a cluster in use has none', async () => {
  expect(await find()).toEqual({ leftovers: [], silent: [], deferred: 0, poisoned: [] });
});

test('a shard table without a placement and without rows is one, with its size, while the placed copy is there', async () => {
  const { name, other } = shard();
  await byHand(other, `create table ${name} (id bigint primary key, note text)`);
  try {
    expect(await said()).toEqual([`remove shard table public.${name} on ${other.address}`]);
    const [found] = (await find()).leftovers;
    expect(found?.bytes).toBeGreaterThanOrEqual(8_192);
    expect(found?.how).toContain(`DROP TABLE public.${name}`);
  } finally {
    await byHand(other, `drop table ${name}`);
  }
});

test('one with rows is left, however few they are: they may be all there is of what was given up; unless Citus wanted it dropped', async () => {
  const { name, other } = shard();
  await byHand(
    other,
    `create table ${name} (id bigint primary key, note text)`,
    `insert into ${name} values (1, 'from before the shard was rebuilt')`,
  );
  try {
    expect(await said()).toEqual([`leave shard table public.${name} on ${other.address}`]);
    expect((await find()).leftovers[0]?.how).toMatch(
      /may hold rows that are nowhere else: 8.2 kB, and .* kB on .*Compare the rows, and only when none is missed, there: .*DROP TABLE/,
    );
    await putOff(cluster, { name: `public.${name}`, groupId: 99 });
    expect(await said()).toEqual([
      `remove shard table public.${name} on ${other.address}`,
      `remove pg_dist_cleanup row public.${name} of group 99 on ${cluster.coordinator.address}`,
    ]);
    expect((await find()).leftovers[0]?.how).toContain('pg_dist_cleanup names it');
  } finally {
    await cluster.query('delete from pg_dist_cleanup');
    await byHand(other, `drop table ${name}`);
  }
});

test('a table that Citus is about to drop by itself is none', async () => {
  const { name, other } = shard();
  await byHand(other, `create table ${name} (id bigint primary key)`);
  const [node] = await cluster.query<{ group: number }>(
    'select groupid as "group" from pg_dist_node where nodeport = $1',
    [other.port],
  );
  await putOff(cluster, { name: `public.${name}`, groupId: node?.group ?? -1 });
  expect(await said()).toEqual([]);
  await cluster.query('call citus_cleanup_orphaned_resources()');
  expect(await said()).toEqual([]);
});

test('tables of people are none, whatever their names end in', async () => {
  const { shardId, other, home } = shard();
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
    expect(await said()).toEqual([]);
    expect(home.isRunning()).toBe(true);
  } finally {
    await byHand(other, `drop table backup_${shardId}, report_202501`, 'drop schema archive cascade');
    await cluster.query('drop table invoices_102001');
    await cluster.query('drop table sales_102002');
    await cluster.query('call citus_cleanup_orphaned_resources()');
  }
});

test('a table that is larger than the placed copy is left even so: the row may be of another server', async () => {
  const { name, other } = shard(1);
  await byHand(
    other,
    `create table ${name} (id bigint primary key, note text)`,
    `insert into ${name} select i, repeat('y', 500) from generate_series(1, 5000) i`,
  );
  await putOff(cluster, { name: `public.${name}`, groupId: 99 });
  try {
    expect((await said())[0]).toBe(`leave shard table public.${name} on ${other.address}`);
    expect((await find()).leftovers[0]?.how).toMatch(
      /may hold rows that are nowhere else: .* MB, and .* kB on/,
    );
  } finally {
    await cluster.query('delete from pg_dist_cleanup');
    await byHand(other, `drop table ${name}`);
  }
});

test('a table whose shard has no other copy is left, and said', async () => {
  const { name, shardId, home, other } = shard(2);
  await byHand(other, `create table ${name} (id bigint primary key, note text)`);
  await cluster.query('create table kept_placement as select * from pg_dist_placement where shardid = $1', [
    shardId,
  ]);
  await cluster.query('delete from pg_dist_placement where shardid = $1', [shardId]);
  try {
    expect(await said()).toContain(`leave shard table public.${name} on ${other.address}`);
    const found = (await find()).leftovers.find(({ node }) => node === other.address);
    expect(found?.how).toContain('only copy');
  } finally {
    await cluster.query('insert into pg_dist_placement select * from kept_placement');
    await cluster.query('drop table kept_placement');
  }
  await byHand(home, `alter table ${name} rename to away`);
  try {
    expect(await said()).toContain(`leave shard table public.${name} on ${other.address}`);
  } finally {
    await byHand(home, `alter table away rename to ${name}`);
    await byHand(other, `drop table ${name}`);
  }
});

test('a shard of a table that was dropped is one when it is empty and its indexes are named as Citus does; else it is said only', async () => {
  const { other } = shard();
  await byHand(
    other,
    'create table old_102001 (id bigint constraint old_pkey_102001 primary key)',
    'create table older_102002 (id bigint)',
    'create table full_102003 (id bigint constraint full_pkey_102003 primary key)',
    'insert into full_102003 values (1)',
  );
  try {
    expect((await said()).sort()).toEqual([
      `leave shard table public.full_102003 on ${other.address}`,
      `leave shard table public.older_102002 on ${other.address}`,
      `remove shard table public.old_102001 on ${other.address}`,
    ]);
  } finally {
    await byHand(other, 'drop table old_102001, older_102002, full_102003');
  }
});

test('slots, publications, subscriptions and roles of moves that are over are found; not while Citus has them on record', async () => {
  const { other } = shard();
  await byHand(
    other,
    'create publication citus_shard_move_publication_7_10_900',
    'create role citus_shard_move_subscription_role_10_900 superuser login',
    `create subscription citus_shard_move_subscription_10_900 connection 'host=127.0.0.1 port=1' publication p with (connect = false, slot_name = none, enabled = false)`,
    `select pg_create_logical_replication_slot('citus_shard_move_slot_7_10_900', 'pgoutput')`,
    'create publication of_somebody',
  );
  try {
    expect(await said()).toEqual([
      `remove subscription citus_shard_move_subscription_10_900 on ${other.address}`,
      `remove replication slot citus_shard_move_slot_7_10_900 on ${other.address}`,
      `remove publication citus_shard_move_publication_7_10_900 on ${other.address}`,
      `remove role citus_shard_move_subscription_role_10_900 on ${other.address}`,
    ]);
    await putOff(cluster, { name: 'public.orders_1', groupId: 0, operation: 900 });
    expect(await said()).toEqual([]);
  } finally {
    await cluster.query('delete from pg_dist_cleanup');
    await byHand(
      other,
      'drop publication citus_shard_move_publication_7_10_900',
      'drop publication of_somebody',
      'drop subscription citus_shard_move_subscription_10_900',
      'drop role citus_shard_move_subscription_role_10_900',
      `select pg_drop_replication_slot('citus_shard_move_slot_7_10_900')`,
    );
  }
});

test('rows of groups that are gone are found, and the shards named whose moves they stop', async () => {
  const { name } = shard();
  await putOff(cluster, { name: `public.${name}`, groupId: 99 });
  await putOff(cluster, { name: 'public.gone_102000', groupId: 99 });
  try {
    const { poisoned } = await find();
    expect(poisoned).toEqual([`public.${name} of group 99`]);
    expect(await said()).toEqual([
      `remove pg_dist_cleanup row public.${name} of group 99 on ${cluster.coordinator.address}`,
      `remove pg_dist_cleanup row public.gone_102000 of group 99 on ${cluster.coordinator.address}`,
    ]);
  } finally {
    await cluster.query('delete from pg_dist_cleanup');
  }
});

test('a server that believes to be in the cluster is named with its address, and is not for us to touch', async () => {
  const { home } = shard();
  const stranger = await asNode(home, 77);
  try {
    await expect
      .poll(said, { timeout: 10_000 })
      .toEqual([`leave session node id 77 from 127.0.0.1 on ${home.address}`]);
    expect((await find()).leftovers[0]?.how).toContain('DELETE FROM pg_dist_node there');
  } finally {
    await stranger.end();
  }
});

test('placements in a group without a node are said', async () => {
  const { shardId } = shard(3);
  await cluster.query('create table kept_placement as select * from pg_dist_placement where shardid = $1', [
    shardId,
  ]);
  await cluster.query('update pg_dist_placement set groupid = 98 where shardid = $1', [shardId]);
  try {
    expect(await said()).toContain(
      `leave placement 1 in group 98 (public.orders, shard ${shardId}) on ${cluster.coordinator.address}`,
    );
  } finally {
    await cluster.query(
      'update pg_dist_placement p set groupid = k.groupid from kept_placement k where p.shardid = k.shardid',
    );
    await cluster.query('drop table kept_placement');
  }
});

test('what belongs to a move that runs is none, nor what it leaves for Citus to drop', async () => {
  const { shardId, home, other } = shard();
  const release = await slowMoves(cluster, 3);
  const ids = await cluster.query<{ from: number; to: number }>(
    `select (select nodeid from pg_dist_node where nodeport = $1) as from, (select nodeid from pg_dist_node where nodeport = $2) as to`,
    [home.port, other.port],
  );
  const moving = cluster.query(`select citus_move_shard_placement($1::int8, $2::int, $3::int, 'auto')`, [
    shardId,
    ids[0]?.from,
    ids[0]?.to,
  ]);
  const seen: string[] = [];
  const looking = (async () => {
    for (const end = Date.now() + 3_000; Date.now() < end;) seen.push(...(await said()));
  })();
  await looking;
  await release();
  await moving;
  seen.push(...(await said()));
  expect(seen).toEqual([]);
});

test('a node that is down is named, and the rest is still told', async () => {
  const { name, other, home } = shard(3);
  await byHand(other, `create table ${name} (id bigint primary key, note text)`);
  await home.stop('immediate');
  try {
    const found = await find();
    expect(found.silent.map(({ node }) => node)).toEqual([home.address]);
    // The placed copy can't be seen.
    expect(found.leftovers.map(({ remove }) => remove !== undefined)).toEqual([false]);
  } finally {
    await home.start();
    await byHand(other, `drop table ${name}`);
  }
});

test('a server that was taken out as it should be is none of those, though its sessions are there for a while', async () => {
  const node = await cluster.addNode();
  await cluster.query('select citus_add_node($1, $2)', [node.host, node.port]);
  // Citus looks for deadlocks between all nodes every two seconds.
  await new Promise((resolve) => setTimeout(resolve, 3_000));
  await node.query('select count(*) from orders').catch(() => undefined);
  await withClient(cluster.coordinator.login, async (client) => {
    await client.query('begin');
    await client.query('select stop_metadata_sync_to_node($1, $2)', [node.host, node.port]);
    await client.query('select citus_remove_node($1, $2)', [node.host, node.port]);
    await client.query('commit');
  });
  // What they last did may be some seconds ago.
  await new Promise((resolve) => setTimeout(resolve, 6_000));
  try {
    for (const end = Date.now() + 6_000; Date.now() < end;) expect(await said()).toEqual([]);
  } finally {
    await node.stop('immediate');
  }
});

test.skipIf(isStandIn)(
  'a server that was taken out and kept its metadata is found by what it does (real Citus)',
  async () => {
    const node = await cluster.addNode();
    await cluster.query('select citus_add_node($1, $2)', [node.host, node.port]);
    await cluster.query('select citus_remove_node($1, $2)', [node.host, node.port]);
    try {
      // Nobody uses it: its daemon alone makes itself known.
      await expect
        .poll(
          async () => {
            return (await said()).filter((line) =>
              line.startsWith('leave session of a server from 127.0.0.1'),
            );
          },
          { timeout: 30_000 },
        )
        .not.toEqual([]);
    } finally {
      await node.stop('immediate');
    }
  },
  90_000,
);
