import type { BalanceGroup } from './balance.js';

/** How a rebalance strategy weighs shard groups and node groups. */
export interface StrategyMeasure {
  name: string;
  cost: (group: BalanceGroup) => number;
  /** Of a node group; 1 where the strategy takes all for alike. */
  capacity: (groupId: number) => number;
}

/** The two strategies that Citus brings along: each shard group counts alike, or as its bytes and a base cost. */
export function builtInMeasure(name: string, baseCost: number): StrategyMeasure {
  return {
    name,
    cost: ({ bytes }) => (name === 'by_disk_size' ? bytes + baseCost : 1),
    capacity: () => 1,
  };
}

/**
 * The strategy's own measure of unevenness: (largest − smallest utilisation) over the mean, among the given node
 * groups (those that may hold shards, empty ones included). 0 is even.
 */
export function unevenness(
  groups: readonly BalanceGroup[],
  nodeGroups: readonly number[],
  measure: StrategyMeasure,
): number {
  const all = utilisations(groups, nodeGroups, measure);
  const mean = all.reduce((sum, each) => sum + each, 0) / Math.max(1, all.length);
  return mean === 0 ? 0 : (Math.max(...all) - Math.min(...all)) / mean;
}

/** Cost over capacity of each of the node groups, in their order. */
export function utilisations(
  groups: readonly BalanceGroup[],
  nodeGroups: readonly number[],
  { cost, capacity }: StrategyMeasure,
): number[] {
  const costs = new Map(nodeGroups.map((id) => [id, 0]));
  for (const group of groups) {
    const sum = costs.get(group.groupId);
    if (group.movable && sum !== undefined) costs.set(group.groupId, sum + cost(group));
  }
  return [...costs].map(([id, sum]) => sum / Math.max(capacity(id), Number.MIN_VALUE));
}
