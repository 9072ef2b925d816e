import type { BalanceGroup } from './balance.js';

/** The weights that a rebalance strategy gives shard groups and node groups. */
export interface StrategyMeasure {
  name: string;
  cost: (group: BalanceGroup) => number;
  /** Cost that a node group can carry in proportion to others; 1 where the strategy takes all for alike. */
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

/** The cost on a node group. */
export interface Load {
  /** Cost over capacity. */
  utilisation: number;
  capacity: number;
}

/** The loads of the node groups, in their order. */
export function loadsOf(
  groups: readonly BalanceGroup[],
  nodeGroups: readonly number[],
  { cost, capacity: capacityOf }: StrategyMeasure,
): Load[] {
  const costs = new Map(nodeGroups.map((id) => [id, 0]));
  for (const group of groups) {
    const sum = costs.get(group.groupId);
    if (group.movable && sum !== undefined) costs.set(group.groupId, sum + cost(group));
  }
  return [...costs].map(([id, sum]) => {
    const capacity = Math.max(capacityOf(id), Number.MIN_VALUE);
    return { utilisation: sum / capacity, capacity };
  });
}
