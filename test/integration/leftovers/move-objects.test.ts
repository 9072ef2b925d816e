import { afterAll, beforeAll, expect, test } from 'vitest';
import type { SandboxCluster } from '../../../sandbox/index.js';
import { byHand, putOff } from '../../support/make-leftovers.js';
import { slowMoves } from '../../support/slow-moves.js';
import { linesFor, moveShard, shardOf, startWithOrders } from './support.js';

let cluster: SandboxCluster;
beforeAll(async () => {
  cluster = await startWithOrders();
});
afterAll(() => cluster.stop());

test('slots, publications, subscriptions and roles of moves that are over are found; not while Citus has them on record', async () => {
  const { other } = await shardOf(cluster);
  await byHand(
    other,
    'create publication citus_shard_move_publication_7_10_900',
    'create role citus_shard_move_subscription_role_10_900 superuser login',
    `create subscription citus_shard_move_subscription_10_900 connection 'host=127.0.0.1 port=1' publication p with (connect = false, slot_name = none, enabled = false)`,
    `select pg_create_logical_replication_slot('citus_shard_move_slot_7_10_900', 'pgoutput')`,
    'create publication of_somebody',
  );
  try {
    expect(await linesFor(cluster)).toEqual([
      `remove subscription citus_shard_move_subscription_10_900 on ${other.address}`,
      `remove replication slot citus_shard_move_slot_7_10_900 on ${other.address}`,
      `remove publication citus_shard_move_publication_7_10_900 on ${other.address}`,
      `remove role citus_shard_move_subscription_role_10_900 on ${other.address}`,
    ]);
    await putOff(cluster, { name: 'public.orders_1', groupId: 0, operation: 900 });
    expect(await linesFor(cluster)).toEqual([]);
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

test('what belongs to a move that runs is none, nor what it leaves for Citus to drop', async () => {
  const shard = await shardOf(cluster);
  const { home, other } = shard;
  const release = await slowMoves(cluster, 3);
  const moving = moveShard(cluster, shard, home.port, other.port, 'auto');
  const seen: string[] = [];
  const looking = (async () => {
    for (const end = Date.now() + 3_000; Date.now() < end;) seen.push(...(await linesFor(cluster)));
  })();
  await looking;
  await release();
  await moving;
  seen.push(...(await linesFor(cluster)));
  expect(seen).toEqual([]);
});
