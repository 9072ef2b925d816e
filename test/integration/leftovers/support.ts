import { startCluster, type SandboxCluster } from '../../../sandbox/index.js';
import { findLeftovers, type LeftoverReport } from '../../../src/activities/leftovers/find.js';
import type { Finding } from '../../../src/activities/leftovers/finding.js';
import { findTemporarySettings } from '../../../src/activities/leftovers/temporary-settings.js';
import { withCoordinator, type Db } from '../../../src/citus/session/connect.js';
import { readNodes } from '../../../src/citus/nodes/nodes.js';
import { placedShards, type PlacedShard } from '../../support/make-leftovers.js';
import { flavour } from '../../support/stage.js';
import { configOf } from '../connect/support.js';

/** Two workers with a table `orders` of 2,000 rows in four shards. */
export async function startWithOrders(): Promise<SandboxCluster> {
  const cluster = await startCluster({ workers: 2, flavour });
  await cluster.query('create table orders (id bigint primary key, note text)');
  await cluster.query(`select create_distributed_table('orders', 'id', shard_count := 4)`);
  await cluster.query(`insert into orders select i, repeat('x', 200) from generate_series(1, 2000) i`);
  return cluster;
}

/** How many rows `orders` has. */
export async function ordersIn(cluster: SandboxCluster): Promise<number> {
  const [row] = await cluster.query<{ n: number }>('select count(*)::int as n from orders');
  return row?.n ?? 0;
}

/** A shard of `orders`, as it is placed now. */
export async function shardOf(cluster: SandboxCluster, index = 0): Promise<PlacedShard> {
  const shard = (await placedShards(cluster, 'orders'))[index];
  if (!shard) throw new Error(`no shard ${index}`);
  return shard;
}

/** Moves a shard between two workers, which are named by their ports. */
export async function moveShard(
  cluster: SandboxCluster,
  { shardId }: PlacedShard,
  from: number,
  to: number,
  mode: 'auto' | 'block_writes' = 'block_writes',
): Promise<void> {
  const [ids] = await cluster.query<{ from: number; to: number }>(
    `select (select nodeid from pg_dist_node where nodeport = $1) as from, (select nodeid from pg_dist_node where nodeport = $2) as to`,
    [from, to],
  );
  await cluster.query(`select citus_move_shard_placement($1::int8, $2::int, $3::int, '${mode}')`, [
    shardId,
    ids?.from,
    ids?.to,
  ]);
}

export const asScaler = <T>(cluster: SandboxCluster, work: (db: Db) => Promise<T>): Promise<T> =>
  withCoordinator(configOf(cluster), { applicationName: 'test' }, work);

/** What is left in a cluster, on all nodes unless only some are asked. */
export const find = (cluster: SandboxCluster, asked?: string[]): Promise<LeftoverReport> =>
  asScaler(cluster, async (db) => {
    const nodes = await readNodes(db);
    return findLeftovers(db, nodes, asked ?? nodes.map(({ node }) => node));
  });

/** A line for each: what is found, and whether it may be removed. */
export const linesFor = async (cluster: SandboxCluster): Promise<string[]> =>
  (await find(cluster)).leftovers.map(
    ({ kind, node, name, remove }) => `${remove ? 'remove' : 'leave'} ${kind} ${name} on ${node}`,
  );

/** All that a clean-up removes: what is left, and settings that are still raised. */
export const findToRemove = (cluster: SandboxCluster): Promise<Finding[]> =>
  asScaler(cluster, async (db) => {
    const nodes = await readNodes(db);
    const asked = nodes.map(({ node }) => node);
    return [
      ...(await findLeftovers(db, nodes, asked)).leftovers,
      ...(await findTemporarySettings(db, nodes, asked)),
    ];
  });

/** What each removal answered. */
export const remove = (cluster: SandboxCluster, findings: Finding[]): Promise<(string | undefined)[]> =>
  asScaler(cluster, async (db) => {
    const answers: (string | undefined)[] = [];
    for (const { remove: act } of findings) answers.push((await act?.(db))?.why);
    return answers;
  });
