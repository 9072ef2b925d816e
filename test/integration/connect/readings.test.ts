import { afterAll, beforeAll, expect, test } from 'vitest';
import { startCluster, type SandboxCluster } from '../../../sandbox/index.js';
import { withCoordinator, type Db } from '../../../src/citus/session/connect.js';
import { readNodes } from '../../../src/citus/nodes/nodes.js';
import { readRegistration } from '../../../src/citus/nodes/registration.js';
import { readRebalancePlan } from '../../../src/citus/tables/rebalance-plan.js';
import { readShardGroups } from '../../../src/citus/tables/shard-groups.js';
import { balanceOf } from '../../../src/planning/balance.js';
import { flavour } from '../../support/stage.js';
import { configOf } from './support.js';

let cluster: SandboxCluster;
beforeAll(async () => {
  cluster = await startCluster({ workers: 2, flavour });
  await cluster.query(`
    CREATE TABLE orders (id bigint PRIMARY KEY, note text);
    CREATE TABLE lines (id bigint PRIMARY KEY);
    CREATE TABLE countries (id int PRIMARY KEY)`);
  await cluster.query(`SELECT create_distributed_table('orders', 'id', shard_count := 8)`);
  await cluster.query(`SELECT create_distributed_table('lines', 'id', colocate_with := 'orders')`);
  await cluster.query(`SELECT create_reference_table('countries')`);
  await cluster.query(`INSERT INTO orders SELECT i, repeat('x', 500) FROM generate_series(1, 20000) i`);
});
afterAll(() => cluster.stop());

const look = <T>(work: (db: Db) => Promise<T>): Promise<T> =>
  withCoordinator(configOf(cluster), { applicationName: 'citus-scaler:test' }, work);

test('nodes are told apart by role and sorted', async () => {
  const nodes = await look(readNodes);
  expect(nodes.map(({ role, active }) => ({ role, active }))).toEqual([
    { role: 'coordinator', active: true },
    { role: 'worker', active: true },
    { role: 'worker', active: true },
  ]);
  expect(nodes.map(({ node }) => node).sort()).toEqual(
    [cluster.coordinator, ...cluster.workers].map(({ address }) => address).sort(),
  );
});

test('a worker with an IPv6 address has brackets, and is found by them', async () => {
  await cluster.query(
    `INSERT INTO pg_dist_node (nodeid, groupid, nodename, nodeport, isactive, shouldhaveshards, hasmetadata) VALUES (998, 998, 'fd00::3', 5432, true, true, true)`,
  );
  try {
    const node = '[fd00::3]:5432';
    expect((await look(readNodes)).map((each) => each.node)).toContain(node);
    expect(await look((db) => readRegistration(db, node))).toMatchObject({ nodeId: 998, active: true });
    const plan = await look((db) => readRebalancePlan(db, {}));
    expect(plan.map(({ to }) => to)).toContain(node);
  } finally {
    await cluster.query('DELETE FROM pg_dist_node WHERE nodeid = 998');
  }
  const plan = await look((db) => readRebalancePlan(db, { withNodes: ['[::1]:5432'] }));
  expect(plan.map(({ to }) => to)).toContain('[::1]:5432');
});

test('a shard group is all colocated shards of one range, with the bytes of all', async () => {
  const groups = await look(readShardGroups);
  const orders = groups.filter(({ tables }) => tables.includes('orders'));
  expect(orders).toHaveLength(8);
  for (const group of orders) {
    expect(group.tables).toEqual(['lines', 'orders']);
    expect(group.shardIds).toHaveLength(2);
    expect(group.movable).toBe(true);
    expect(group.nodeId).toBeGreaterThan(0);
    expect(group.bytes).toBeGreaterThan(500_000);
  }
  const bytes = orders.reduce((sum, group) => sum + group.bytes, 0);
  expect(bytes).toBeGreaterThan(10_000_000);
});

test('reference tables are pinned, a placement a node', async () => {
  const countries = (await look(readShardGroups)).filter(({ tables }) => tables.includes('countries'));
  expect(countries.length).toBeGreaterThanOrEqual(2);
  expect(countries.every(({ movable }) => !movable)).toBe(true);
});

test('a registered standby counts no shard twice', async () => {
  const before = await look(readShardGroups);
  const [worker] = (await look(readNodes)).filter(({ role }) => role === 'worker');
  await cluster.query(
    `INSERT INTO pg_dist_node (nodeid, groupid, nodename, nodeport, noderole, nodecluster, isactive, hasmetadata, metadatasynced, shouldhaveshards)
     SELECT 999, groupid, 'standby.invalid', 5432, 'secondary', 'second', true, false, false, true FROM pg_dist_node WHERE nodeid = $1`,
    [worker?.nodeId],
  );
  try {
    const [groups, nodes] = [await look(readShardGroups), await look(readNodes)];
    expect(groups.map(({ shardIds, groupId }) => [groupId, shardIds])).toEqual(
      before.map(({ shardIds, groupId }) => [groupId, shardIds]),
    );
    expect(nodes.find(({ nodeId }) => nodeId === 999)?.role).toBe('secondary');
    expect(balanceOf(groups, nodes).workers).toHaveLength(2);
    expect(balanceOf(groups, nodes).movableShards).toBe(16);
  } finally {
    await cluster.query('DELETE FROM pg_dist_node WHERE nodeid = 999');
  }
});
