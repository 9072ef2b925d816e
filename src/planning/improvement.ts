import type { BalanceGroup } from './balance.js';
import { loadsOf, type Load, type StrategyMeasure } from './strategy-measure.js';

/** The spread of the data before and after moves, compared. */
export interface Improvement {
  /** Shard groups that were moved, are still there, and lie among the nodes that count. */
  movedGroups: number;
  /** Loads of the nodes that count, by the strategy's measure. */
  before: Load[];
  after: Load[];
  isBetter: boolean;
}

interface ColocatedGroup extends BalanceGroup {
  /** 0 for tables that are colocated with nothing. */
  colocationId: number;
  tables: readonly string[];
}

/** A shard group where it lies, and where it lay. */
interface GroupPlacement {
  now: ColocatedGroup;
  before: ColocatedGroup;
}

/**
 * Weighs where the shards lie against where they lay, both with the sizes of now: data that grew or shrank meanwhile
 * counts alike before and after. Shards that are gone count on neither side. Those that came from a node that doesn't
 * count, because it should hold none, or lie on one, count where they are now: emptying it isn't for the sake of the others.
 *
 * @param groups where they lie now
 * @param nodeGroups those that count: they may hold shards
 * @param sources the node group on which a shard of each moved group lay before
 */
export function improvementOf(
  groups: readonly ColocatedGroup[],
  nodeGroups: readonly number[],
  measure: StrategyMeasure,
  sources: ReadonlyMap<number, number>,
): Improvement {
  const counting = new Set(nodeGroups);
  let movedGroups = 0;
  const placements = groups
    .filter(({ movable }) => movable)
    .map((now): GroupPlacement => {
      const shard = now.shardIds.find((id) => sources.has(id));
      const source = shard === undefined ? undefined : sources.get(shard);
      if (source === undefined || !counting.has(source) || !counting.has(now.groupId))
        return { now, before: now };
      movedGroups += 1;
      return { now, before: { ...now, groupId: source } };
    });
  const loads = (unit: GroupPlacement[], side: keyof GroupPlacement): Load[] =>
    loadsOf(
      unit.map((each) => each[side]),
      nodeGroups,
      measure,
    );
  return {
    movedGroups,
    before: loads(placements, 'before'),
    after: loads(placements, 'now'),
    isBetter: unitsOf(placements, nodeGroups.length).some((unit) =>
      isMoreEven(loads(unit, 'now'), loads(unit, 'before')),
    ),
  };
}

/**
 * The parts that Citus evens out by themselves: each colocation group, and, since they leave nodes empty, all those together that
 * have fewer shard groups than there are nodes. The data as a whole need not be spread better by moves that it plans.
 */
function unitsOf(placements: GroupPlacement[], nodes: number): GroupPlacement[][] {
  const units = new Map<string, GroupPlacement[]>();
  for (const each of placements) {
    const { colocationId, tables } = each.now;
    const key = colocationId === 0 ? (tables[0] ?? '') : `${colocationId}`;
    const unit = units.get(key);
    if (unit) unit.push(each);
    else units.set(key, [each]);
  }
  const small = [...units.values()].filter((unit) => unit.length < nodes);
  return [...units.values(), small.flat()];
}

/**
 * Whether some loads are spread better than others: the fullest node is less full (where two are equally full, the next
 * fullest decides), or the deviations from the mean are smaller in all. Either is enough: while nodes are alike, each
 * move to a node that stays emptier than the source was makes both better, also when the fullest node keeps what it
 * has; among nodes of different capacity Citus makes moves that only one of them sees.
 */
export function isMoreEven(loads: readonly Load[], others: readonly Load[]): boolean {
  return isLessFull(loads, others) || deviation(loads) < deviation(others);
}

function isLessFull(loads: readonly Load[], others: readonly Load[]): boolean {
  const [left = [], right = []] = [loads, others].map((each) =>
    each.map(({ utilisation }) => utilisation).sort((a, b) => b - a),
  );
  const first = left.findIndex((each, index) => each !== right[index]);
  return first >= 0 && (left[first] ?? 0) < (right[first] ?? 0);
}

/** Squared, and weighed by capacity: so a move between any two nodes changes it by these two alone. */
function deviation(loads: readonly Load[]): number {
  const capacity = loads.reduce((sum, load) => sum + load.capacity, 0);
  const mean = loads.reduce((sum, load) => sum + load.utilisation * load.capacity, 0) / capacity;
  return loads.reduce((sum, load) => sum + load.capacity * (load.utilisation - mean) ** 2, 0);
}
