import fc from 'fast-check';
import { expect, test } from 'vitest';
import { improvementOf, isMoreEven } from '../../../src/planning/improvement.js';
import { builtInMeasure, loadsOf, type StrategyMeasure } from '../../../src/planning/strategy-measure.js';

const bySize = builtInMeasure('by_disk_size', 0);
const nodes = [1, 2, 3, 4];
const group = (shardId: number, groupId: number, bytes: number, colocationId = 1) => ({
  colocationId,
  tables: ['orders'],
  shardIds: [shardId, shardId + 10_000],
  groupId,
  bytes,
  movable: true,
});

/** Sizes of some groups, each on a node, and one of them that is to move to another node. */
const moves = fc.record({
  groups: fc.array(
    fc.record({ bytes: fc.integer({ min: 1, max: 2 ** 40 }), on: fc.constantFrom(...nodes) }),
    {
      minLength: 1,
      maxLength: 40,
    },
  ),
  which: fc.nat(39),
  to: fc.constantFrom(...nodes),
  capacities: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 4, maxLength: 4 }),
});
const measureWith = (capacities: number[]): StrategyMeasure => ({
  ...bySize,
  capacity: (id) => capacities[id - 1] ?? 1,
});

test.each(['nodes alike', 'nodes of different capacity'])(
  'every single move to a node that stays emptier than the source was is an improvement, and its way back is none: %s',
  (which) =>
    fc.assert(
      fc.property(moves, ({ groups, which: index, to, capacities }) => {
        const measure = which === 'nodes alike' ? bySize : measureWith(capacities);
        const now = groups.map(({ bytes, on }, n) => group(n, on, bytes));
        const moved = now[index % now.length];
        if (!moved || moved.groupId === to) return;
        const loads = loadsOf(now, nodes, measure);
        const source = loads[moved.groupId - 1]?.utilisation ?? 0;
        const target = (loads[to - 1]?.utilisation ?? 0) + moved.bytes / measure.capacity(to);
        fc.pre(target < source);
        const later = now.map((each) => (each === moved ? { ...each, groupId: to } : each));
        const sources = (from: number): Map<number, number> => new Map([[moved.shardIds[0] ?? 0, from]]);
        expect(improvementOf(later, nodes, measure, sources(moved.groupId))).toMatchObject({
          movedGroups: 1,
          isBetter: true,
        });
        if (measure === bySize)
          expect(improvementOf(now, nodes, measure, sources(to))).toMatchObject({
            movedGroups: 1,
            isBetter: false,
          });
      }),
    ),
);

test('equally full by Citus’s reckoning, and the emptier less empty: it makes such moves among nodes of different capacity', () => {
  const before = [
    { utilisation: 3, capacity: 2 },
    { utilisation: 2, capacity: 1 },
  ];
  const after = [
    { utilisation: 2.5, capacity: 2 },
    { utilisation: 3, capacity: 1 },
  ];
  expect(isMoreEven(after, before)).toBe(true);
});

test('a group that dwarfs all others stays where it is: what moves beside it counts', () => {
  const groups = [group(1, 1, 1e12), group(2, 3, 1e6), group(3, 4, 1e6), group(4, 2, 3e6)];
  const sources = new Map([
    [2, 2],
    [3, 2],
  ]);
  const { isBetter, before, after } = improvementOf(groups, nodes, bySize, sources);
  expect(isBetter).toBe(true);
  expect(before.map(({ utilisation }) => utilisation)).toEqual([1e12, 5e6, 0, 0]);
  expect(after.map(({ utilisation }) => utilisation)).toEqual([1e12, 3e6, 1e6, 1e6]);
});

test('each colocation group counts by itself: Citus evens out one after another, though the whole is no better for it', () => {
  const evenTable = [1, 2, 3, 4].map((node, index) => group(index, node, 5, 1));
  const other = [group(11, 1, 5, 2), group(12, 1, 5, 2), group(13, 2, 5, 2), group(14, 3, 5, 2)];
  const later = [...evenTable, ...other.map((each, index) => (index === 0 ? { ...each, groupId: 4 } : each))];
  const besides = [group(21, 1, 5, 3), group(22, 1, 5, 3), group(23, 2, 5, 3), group(24, 4, 5, 3)];
  const { isBetter, before, after } = improvementOf(
    [...later, ...besides],
    nodes,
    bySize,
    new Map([[11, 1]]),
  );
  expect([before, after].map((each) => each.map(({ utilisation }) => utilisation))).toEqual([
    [25, 15, 10, 10],
    [20, 15, 10, 15],
  ]);
  expect(isBetter).toBe(true);
});

test('tables with fewer shards than there are nodes count together', () => {
  const singles = [group(1, 1, 5, 1), group(2, 2, 5, 2)];
  expect(improvementOf(singles, nodes, bySize, new Map([[2, 1]])).isBetter).toBe(true);
});

test('shards that somebody has moved back are no improvement', () => {
  const groups = [group(1, 1, 5), group(2, 1, 5)];
  expect(improvementOf(groups, nodes, bySize, new Map([[1, 1]]))).toMatchObject({
    movedGroups: 1,
    isBetter: false,
  });
});

test('a shard that is gone, or came from a node that should hold none, counts on neither side', () => {
  const groups = [group(1, 1, 5), group(2, 2, 5)];
  const sources = new Map([
    [77, 1],
    [2, 9],
  ]);
  expect(improvementOf(groups, nodes, bySize, sources)).toMatchObject({ movedGroups: 0, isBetter: false });
});

test('a group is known by any of its shards, also when its first has been dropped since', () => {
  const sources = new Map([[10_001, 1]]);
  expect(improvementOf([group(1, 2, 5), group(2, 1, 5)], nodes, bySize, sources).movedGroups).toBe(1);
});
