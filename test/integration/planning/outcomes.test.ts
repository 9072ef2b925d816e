import { MockActivityEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startCluster, type SandboxCluster } from '../../../sandbox/index.js';
import { drainPlan } from '../../../src/activities/plan/drain.js';
import type { Draft } from '../../../src/activities/plan/draft.js';
import { rebalancePlan } from '../../../src/activities/plan/rebalance.js';
import { withCoordinator, type Db } from '../../../src/citus/session/connect.js';
import type { ClusterConfig } from '../../../src/config/index.js';
import type { AnyRequest } from '../../../src/contract/internal/request.js';
import { flavour, mark } from '../../support/stage.js';
import { configOf } from '../connect/support.js';
import { checksOf } from '../preflight/support.js';

/** Two workers; one holds two shard groups of cost 4, the other one of cost 3. */
let cluster: SandboxCluster;
let config: ClusterConfig;
beforeAll(async () => {
  cluster = await startCluster({ workers: 2, flavour });
  config = configOf(cluster);
  await cluster.query('create table orders (id bigint primary key, note text)');
  await cluster.query(`select create_distributed_table('orders', 'id', shard_count => 3)`);
  await cluster.query('insert into orders select i from generate_series(1, 100) i');
  const [alone] = await cluster.query<{ shard: number }>(
    `select min(shardid)::int as shard from pg_dist_placement where shardstate = 1
      group by groupid order by count(*) limit 1`,
  );
  const functions = [
    `function public.cost_of(bigint) returns real
       language sql immutable as 'select case when $1 = ${alone?.shard} then 3 else 4 end::real'`,
    `function public.nowhere(bigint, int) returns boolean language sql immutable as 'select false'`,
  ];
  for (const each of functions) await cluster.query(`create ${each}`);
  const strategies = [
    `'picky', 'public.cost_of', 'citus_node_capacity_1', 'citus_shard_allowed_on_node_true', 0.1, 0, 0.5`,
    `'eager', 'public.cost_of', 'citus_node_capacity_1', 'citus_shard_allowed_on_node_true', 0.1, 0, 0`,
    `'stuck', 'public.cost_of', 'citus_node_capacity_1', 'public.nowhere', 0.1`,
  ];
  for (const each of strategies) await cluster.query(`select citus_add_rebalance_strategy(${each})`);
});
afterAll(() => cluster.stop());

const looking = <T>(work: (db: Db) => Promise<T>): Promise<T> =>
  new MockActivityEnvironment().run(() => withCoordinator(config, { applicationName: 'outcomes' }, work));

function requestOf<Type extends AnyRequest['type']>(
  type: Type,
  input: object,
): Extract<AnyRequest, { type: Type }> {
  const request = { type, cluster: 'demo', input: { cluster: 'demo', ...input }, transferMode: 'auto' };
  return { ...request, parallelMoves: 2 } as unknown as Extract<AnyRequest, { type: Type }>;
}

const planned = (input: object): Promise<Draft> =>
  looking((db) => rebalancePlan(db, config, requestOf('rebalance', input)));

test('a gain that is too small for the strategy is why nothing moves', async () => {
  const { plan, whyNoMoves } = await planned({ strategy: 'picky' });
  expect(plan.movesTotal).toBe(0);
  expect(whyNoMoves).toBe(
    'Citus plans no move with strategy picky: no single move gains enough: the farthest node is 45 % from the mean, but gains below 50 % are left alone (improvement_threshold)',
  );
  expect((await planned({ strategy: 'eager' })).plan.movesTotal).toBe(1);
});

test('a shard group of a worker that is to be emptied and finds no place blocks, once for the worker', async () => {
  await cluster.query(`select citus_set_default_rebalance_strategy('stuck')`);
  try {
    const node = cluster.workers[0]?.address ?? '';
    const { checks } = await looking((db) =>
      drainPlan(db, config, requestOf('drainWorker', { nodes: [node] }), () => Promise.reject(new Error())),
    );
    const found = checksOf(checks, 'shards-without-place');
    expect(found).toHaveLength(1);
    expect(found[0]).toMatchObject({ severity: 'blocker', ok: false });
    expect(found[0]?.evidence).toMatch(
      new RegExp(`^([12]) of \\1 shards of ${node} find no place on the other nodes$`),
    );
  } finally {
    await cluster.query(`select citus_set_default_rebalance_strategy('by_disk_size')`);
  }
});

test('the workers that a rebalance empties, since they are marked, stand in its plan, also those that hold nothing', async () => {
  const node = await cluster.addNode();
  await cluster.query('select citus_add_node($1, $2)', [node.host, node.port]);
  const [first] = cluster.workers;
  if (!first) throw new Error('no worker');
  await mark(cluster, first, false);
  await mark(cluster, node, false);
  try {
    const { plan } = await planned({ drainOnly: true });
    expect(plan.drainedWorkers?.toSorted()).toEqual([first.address, node.address].toSorted());
    expect(plan.moves.every(({ from }) => from === first.address)).toBe(true);
    expect((await planned({})).plan.drainedWorkers).toBeUndefined();
  } finally {
    await mark(cluster, first, true);
    await cluster.query('select citus_remove_node($1, $2)', [node.host, node.port]);
  }
});
