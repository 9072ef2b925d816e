import { MockActivityEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startCluster, type SandboxCluster, type SandboxNode } from '../../../sandbox/index.js';
import { rebalancePlan } from '../../../src/activities/plan/rebalance.js';
import { scaleOutPlan } from '../../../src/activities/plan/scale-out.js';
import type { ActivityContext } from '../../../src/activities/runtime/context.js';
import { verifyActivities } from '../../../src/activities/verify/activities.js';
import { withCoordinator, type Db } from '../../../src/citus/session/connect.js';
import type { ClusterConfig } from '../../../src/config/index.js';
import type { Balance } from '../../../src/contract/index.js';
import type { OperationRequest } from '../../../src/contract/internal/request.js';
import { movesOf, type PlannedMoves } from '../../../src/planning/planned-moves.js';
import { sourcesOf, type Sources } from '../../../src/planning/sources.js';
import { flavour, mark } from '../../support/stage.js';
import { configOf } from '../connect/support.js';

/** Two workers: a table of one large shard, one of twelve small ones, and two servers that are to become workers. */
let cluster: SandboxCluster;
let config: ClusterConfig;
let added: SandboxNode[];
beforeAll(async () => {
  cluster = await startCluster({ workers: 2, flavour });
  config = configOf(cluster);
  added = [await cluster.addNode(), await cluster.addNode()];
  for (const statement of [
    `alter database ${cluster.database} set citus.rebalancer_by_disk_size_base_cost = '1kB'`,
    'create table archive (id bigint primary key, note text)',
    'create table orders (id bigint primary key, note text)',
    `select create_distributed_table('archive', 'id', shard_count => 1, colocate_with => 'none')`,
    `select create_distributed_table('orders', 'id', shard_count => 12, colocate_with => 'none')`,
    `insert into archive select i, repeat('x', 1000) from generate_series(1, 20000) i`,
    `insert into orders select i, repeat('x', 1000) from generate_series(1, 6000) i`,
  ])
    await cluster.query(statement);
});
afterAll(() => cluster.stop());

const asActivity = <T>(work: () => Promise<T>): Promise<T> => new MockActivityEnvironment().run(work);
const onCoordinator = <T>(work: (db: Db) => Promise<T>): Promise<T> =>
  asActivity(() => withCoordinator(config, { applicationName: 'improvement' }, work));

function requestOf<Type extends 'scaleOut' | 'rebalance'>(type: Type, input: object): OperationRequest<Type> {
  const request = { type, cluster: 'demo', input: { cluster: 'demo', ...input }, transferMode: 'auto' };
  return { ...request, parallelMoves: 2 } as unknown as OperationRequest<Type>;
}

/** Makes moves as they are planned; returns what a verification is told of them. */
async function make(round: PlannedMoves): Promise<Sources> {
  for (const { shardId, from, to } of movesOf(round)) await move(shardId, round.nodes[from], round.nodes[to]);
  return sourcesOf([round]) ?? {};
}

async function move(shardId: number, from = '', to = ''): Promise<void> {
  const [source = [], target = []] = [from, to].map((node) => node.split(':'));
  await cluster.query(`select citus_move_shard_placement($1, $2, $3::int, $4, $5::int, 'block_writes')`, [
    shardId,
    ...source,
    ...target,
  ]);
}

const verification = () => verifyActivities({ config: { clusters: [config] } } as ActivityContext);
const verifiedRebalance = (strategy: string, sources: Sources): Promise<string> =>
  asActivity(async () => {
    const order = { request: { cluster: 'demo' }, movesTotal: 1, strategy, sources };
    return (await verification().verifyRebalance(order)).detail;
  });

/** Where each group of a table lies now: what a verification is told when somebody has moved all of them back. */
async function placesOf(table: string): Promise<Sources> {
  const rows = await cluster.query<{ node: string; shards: number[] }>(
    `select nodename || ':' || nodeport as node, array_agg(shardid::int) as shards
       from pg_dist_shard join pg_dist_placement using (shardid) join pg_dist_node using (groupid)
      where logicalrelid = $1::regclass group by 1`,
    [table],
  );
  return Object.fromEntries(rows.map(({ node, shards }) => [node, shards]));
}

async function largestShards(): Promise<{ node: string; bytes: number }> {
  const [row] = await cluster.query<{ node: string; bytes: number }>(
    `select nodename || ':' || nodeport as node, shard_size::float8 as bytes from citus_shards where table_name = 'archive'::regclass`,
  );
  return row ?? { node: '', bytes: 0 };
}

/** The metadata of new workers follows within seconds. */
async function inSync(): Promise<boolean> {
  const [row] = await cluster.query<{ all: boolean }>(
    'select bool_and(metadatasynced) as all from pg_dist_node',
  );
  return row?.all ?? false;
}

test('a scale-out is an improvement though the largest shard group stays where it is, and grows meanwhile', async () => {
  const newWorkers = added.map(({ address }) => address);
  const { round, plan } = await onCoordinator((db) =>
    scaleOutPlan(db, config, requestOf('scaleOut', { nodes: newWorkers })),
  );
  expect(plan.movesTotal).toBeGreaterThan(2);
  const largest = await largestShards();
  for (const { host, port } of added) await cluster.query('select citus_add_node($1, $2)', [host, port]);
  const sources = await make(round);
  await cluster.query(`insert into archive select i, repeat('x', 1000) from generate_series(20001, 60000) i`);
  const grown = await largestShards();
  expect(grown.node).toBe(largest.node);
  expect(grown.bytes).toBeGreaterThan(2 * largest.bytes);

  const order = {
    request: { cluster: 'demo' },

    movesTotal: plan.movesTotal,
    newWorkers,
    sources,
  };
  await expect.poll(inSync, { timeout: 30_000 }).toBe(true);
  const { after, detail } = await asActivity(() => verification().verifyScaleOut(order));
  expect(detail).toMatch(
    /^better: strategy by_disk_size counts 3\.\d\d → 3\.\d\d times the mean for the fullest node, 0\.00 → 0\.\d\d for the emptiest$/,
  );
  // Measured at two moments, and by its extremes, the spread would be called worse.
  const bytesOf = ({ workers }: Balance): number[] => workers.map(({ bytes }) => bytes);
  expect(spread(bytesOf(after))).toBeGreaterThan(spread([...bytesOf(plan.before), 0, 0]));
});

function spread(bytes: number[]): number {
  const mean = bytes.reduce((sum, each) => sum + each, 0) / bytes.length;
  return (Math.max(...bytes) - Math.min(...bytes)) / mean;
}

test.each(['by_disk_size', 'by_shard_count'])(
  'shards that lie where they lay are a failure, with the figures by %s and the likely cause',
  async (strategy) => {
    await expect(verifiedRebalance(strategy, await placesOf('orders'))).rejects.toMatchObject({
      type: 'NotImproved',
      message: expect.stringMatching(
        `^12 moves later the data is not spread better: strategy ${strategy} counts (\\d\\.\\d\\d) → \\1 times the mean for the fullest node, (\\d\\.\\d\\d) → \\2 for the emptiest$`,
      ) as string,
      details: [
        {
          cluster: 'demo',
          remedies: expect.arrayContaining([
            { text: expect.stringMatching(/^look whether someone else moved shards meanwhile/) as string },
          ]) as object[],
        },
      ],
    });
  },
);

test('a strategy of the user’s is judged by its own costs and capacities', async () => {
  // Workers of odd ids carry twice as much, so that data that was even is not.
  for (const statement of [
    `create function public.cost_of(bigint) returns real language sql immutable as 'select 3::real'`,
    `create function public.capacity_of(int) returns real language sql immutable as 'select ($1 % 2 + 1)::real'`,
    `select citus_add_rebalance_strategy('mixed', 'public.cost_of', 'public.capacity_of', 'citus_shard_allowed_on_node_true', 0)`,
  ])
    await cluster.query(statement);
  const { round, plan } = await onCoordinator((db) =>
    rebalancePlan(db, config, requestOf('rebalance', { strategy: 'mixed' })),
  );
  expect(plan.movesTotal).toBeGreaterThan(0);
  const sources = await make(round);
  expect(await verifiedRebalance('mixed', sources)).toMatch(
    /^better: strategy mixed counts 1\.\d\d → 1\.\d\d times/,
  );
  for (const { shardId, from, to } of movesOf(round)) await move(shardId, round.nodes[to], round.nodes[from]);
  await expect(verifiedRebalance('mixed', sources)).rejects.toMatchObject({ type: 'NotImproved' });
});

test('shards that left a worker that should hold none, and such as are dropped by now, are not judged', async () => {
  const [first] = cluster.workers;
  if (!first) throw new Error('no worker');
  const places = await placesOf('orders');
  await mark(cluster, first, false);
  try {
    const { round } = await onCoordinator((db) =>
      rebalancePlan(db, config, requestOf('rebalance', { drainOnly: true })),
    );
    const sources = await make(round);
    expect(Object.keys(sources)).toEqual([first.address]);
    expect(await verifiedRebalance('by_shard_count', sources)).toBe(
      `${sources[first.address]?.length} moves`,
    );
  } finally {
    await mark(cluster, first, true);
  }
  await cluster.query('drop table orders');
  expect(await verifiedRebalance('by_shard_count', places)).toBe('12 moves');
});
