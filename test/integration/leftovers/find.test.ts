import { afterAll, beforeAll, expect, test } from 'vitest';
import type { SandboxCluster } from '../../../sandbox/index.js';
import { byHand, putOff } from '../../support/make-leftovers.js';
import { find, linesFor, shardOf, startWithOrders } from './support.js';

let cluster: SandboxCluster;
beforeAll(async () => {
  cluster = await startWithOrders();
});
afterAll(() => cluster.stop());

test('a cluster in use has none', async () => {
  expect(await find(cluster)).toEqual({ leftovers: [], silent: [], deferred: 0, poisoned: [] });
});

test('rows of groups that are gone are found, and the shards named whose moves they stop', async () => {
  const { name } = await shardOf(cluster);
  await putOff(cluster, { name: `public.${name}`, groupId: 99 });
  await putOff(cluster, { name: 'public.gone_102000', groupId: 99 });
  try {
    const { poisoned } = await find(cluster);
    expect(poisoned).toEqual([`public.${name} of group 99`]);
    expect(await linesFor(cluster)).toEqual([
      `remove pg_dist_cleanup row public.${name} of group 99 on ${cluster.coordinator.address}`,
      `remove pg_dist_cleanup row public.gone_102000 of group 99 on ${cluster.coordinator.address}`,
    ]);
  } finally {
    await cluster.query('delete from pg_dist_cleanup');
  }
});

test('placements in a group without a node are said', async () => {
  const { shardId } = await shardOf(cluster, 3);
  await cluster.query('create table kept_placement as select * from pg_dist_placement where shardid = $1', [
    shardId,
  ]);
  await cluster.query('update pg_dist_placement set groupid = 98 where shardid = $1', [shardId]);
  try {
    expect(await linesFor(cluster)).toContain(
      `leave placement 1 in group 98 (public.orders, shard ${shardId}) on ${cluster.coordinator.address}`,
    );
  } finally {
    await cluster.query(
      'update pg_dist_placement p set groupid = k.groupid from kept_placement k where p.shardid = k.shardid',
    );
    await cluster.query('drop table kept_placement');
  }
});

test('a node that is down is named, and the rest is still told', async () => {
  const { name, other, home } = await shardOf(cluster, 3);
  await byHand(other, `create table ${name} (id bigint primary key, note text)`);
  await home.stop('immediate');
  try {
    const found = await find(cluster);
    expect(found.silent.map(({ node }) => node)).toEqual([home.address]);
    // The placed copy can't be seen.
    expect(found.leftovers.map(({ remove }) => remove !== undefined)).toEqual([false]);
  } finally {
    await home.start();
    await byHand(other, `drop table ${name}`);
  }
});
