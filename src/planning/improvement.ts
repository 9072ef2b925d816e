import type { BalanceGroup } from './balance.js';

/** How a strategy weighs a shard group: the two built-in ones; a strategy of the user's counts as by_shard_count. */
export interface StrategyMeasure {
  name: string;
  /** Bytes that `by_disk_size` adds to each shard group (`citus.rebalancer_by_disk_size_base_cost`). */
  baseCost: number;
}

/**
 * The strategy's own measure of unevenness: (largest − smallest cost) over the mean, among the given node groups
 * (those that may hold shards, empty ones included). 0 is even.
 */
export function unevenness(
  groups: readonly BalanceGroup[],
  nodeGroups: readonly number[],
  measure: StrategyMeasure,
): number {
  const costs = new Map(nodeGroups.map((id) => [id, 0]));
  for (const { groupId, bytes, movable } of groups) {
    const cost = costs.get(groupId);
    if (!movable || cost === undefined) continue;
    costs.set(groupId, cost + (measure.name === 'by_disk_size' ? bytes + measure.baseCost : 1));
  }
  const all = [...costs.values()];
  const mean = all.reduce((sum, cost) => sum + cost, 0) / Math.max(1, all.length);
  return mean === 0 ? 0 : (Math.max(...all) - Math.min(...all)) / mean;
}
