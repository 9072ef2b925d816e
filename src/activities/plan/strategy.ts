import type { Db } from '../../citus/session/connect.js';
import { isIsolated, type ClusterNode } from '../../citus/nodes/nodes.js';
import type { ShardGroup } from '../../citus/tables/shard-groups.js';
import {
  readNodeCapacities,
  readShardCosts,
  readStrategies,
  type RebalanceStrategy,
} from '../../citus/tables/strategies.js';
import { builtInMeasure, loadsOf, type StrategyMeasure } from '../../planning/strategy-measure.js';
import { formatBytes } from '../../text/figures.js';
import { invalidInput } from '../operation/input-problems.js';

/** The strategy of that name, or the cluster's default one. @throws InvalidInput with the names that there are */
export async function strategyNamed(
  db: Db,
  cluster: string,
  name: string | undefined,
): Promise<RebalanceStrategy> {
  const all = await readStrategies(db);
  const strategy = all.find((each) => (name === undefined ? each.isDefault : each.name === name));
  if (strategy) return strategy;
  const names = all.map((each) => each.name).join(', ');
  const text =
    name === undefined
      ? `the cluster has no default rebalance strategy: name one of ${names}`
      : `the cluster has no rebalance strategy "${name}"; it has ${names}`;
  throw invalidInput(cluster, [{ field: 'strategy', text }], {
    evidence: [`pg_dist_rebalance_strategy holds ${names}`],
    remedies: [`name one of ${names}`],
  });
}

/** The measure of that strategy for these shard groups and nodes; functions of the user's are asked once for each. */
export async function measureOf(
  db: Db,
  strategy: RebalanceStrategy,
  groups: ShardGroup[],
  nodes: ClusterNode[],
): Promise<StrategyMeasure> {
  const { name, baseCost } = strategy;
  if (name === 'by_disk_size' || name === 'by_shard_count') return builtInMeasure(name, baseCost);
  const first = ({ shardIds }: { shardIds: readonly number[] }): number => shardIds[0] ?? 0;
  // Of what lies on a dead worker nobody can tell the cost.
  const leftOut = new Set(nodes.filter(isIsolated).map(({ groupId }) => groupId));
  const counted = groups.filter(({ movable, groupId }) => movable && !leftOut.has(groupId));
  const costs = await readShardCosts(db, strategy, counted.map(first));
  const capacities = await readNodeCapacities(
    db,
    strategy,
    nodes.filter(({ nodeId }) => nodeId > 0).map(({ nodeId }) => nodeId),
  );
  const nodeIds = new Map(nodes.map(({ groupId, nodeId }) => [groupId, nodeId]));
  return {
    name,
    cost: (group) => costs.get(first(group)) ?? 1,
    capacity: (groupId) => capacities.get(nodeIds.get(groupId) ?? 0) ?? 1,
  };
}

/** The reason why Citus plans no move, in its own terms. */
export function whyBalanced(
  groups: ShardGroup[],
  nodes: ClusterNode[],
  strategy: RebalanceStrategy,
  measure: StrategyMeasure,
  threshold = strategy.threshold,
): string {
  if (!groups.some(({ movable }) => movable)) return 'there are no shards that can move';
  const loads = loadsOf(groups, eligible(nodes), measure).map(({ utilisation }) => utilisation);
  const mean = loads.reduce((sum, each) => sum + each, 0) / Math.max(1, loads.length);
  const least = Math.max(threshold, strategy.minimumThreshold);
  const farthest = mean === 0 ? 0 : Math.max(...loads.map((load) => Math.abs(load - mean))) / mean;
  const base =
    strategy.name === 'by_disk_size' && strategy.baseCost > 0
      ? `; each shard group counts ${formatBytes(strategy.baseCost)} more than its size (citus.rebalancer_by_disk_size_base_cost)`
      : '';
  const reason =
    farthest <= least
      ? `no node is farther than ${percent(least)} from the mean (threshold); the farthest is ${percent(farthest)} away`
      : `no single move gains enough: the farthest node is ${percent(farthest)} from the mean, but gains below ${percent(strategy.improvementThreshold)} are left alone (improvement_threshold)`;
  return `Citus plans no move with strategy ${strategy.name}: ${reason}${base}`;
}

function percent(ratio: number): string {
  return `${Math.round(100 * ratio)} %`;
}

/** The groups of the nodes that may hold shards. */
export function eligible(nodes: ClusterNode[]): number[] {
  return nodes
    .filter((node) => node.role !== 'secondary' && node.active && node.shouldHaveShards && !isIsolated(node))
    .map(({ groupId }) => groupId);
}
