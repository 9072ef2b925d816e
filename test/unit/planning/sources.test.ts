import { expect, test } from 'vitest';
import { plannedMoves } from '../../../src/planning/planned-moves.js';
import { sourceGroups, sourcesOf } from '../../../src/planning/sources.js';

const round = (moves: [shardId: number, from: number, to: number][], nodes: string[]) =>
  plannedMoves(
    moves.map(([shardId, from, to]) => ({ shardId, from, to, bytes: 1, label: 0, mode: 'logical' })),
    nodes,
    ['orders'],
  );

test('shards of all rounds, by the node on which they lay first', () => {
  const first = round([[10, 0, 2], [11, 1, 2], [12, 0, 2]], ['a:1', 'b:1', 'c:1']); // prettier-ignore
  const second = round([[12, 0, 1], [13, 0, 1]], ['c:1', 'a:1']); // prettier-ignore
  expect(sourcesOf([first, second])).toEqual({ 'a:1': [10, 12], 'b:1': [11], 'c:1': [13] });
  expect(sourcesOf([])).toEqual({});
});

test('those of 5,000 moves between a hundred nodes fit into a payload; too many are not told at all', () => {
  const nodes = Array.from({ length: 110 }, (_, index) => `worker-${index}.db.internal:5432`);
  const many = (count: number) =>
    round(
      Array.from({ length: count }, (_, index) => [1_000_000_000 + index, index % 100, 100]),
      nodes,
    );
  expect(JSON.stringify(sourcesOf([many(5_000)])).length).toBeLessThan(60_000);
  expect(sourcesOf([many(10_000)])).toBeUndefined();
});

test('nodes are found as they are registered now; one that left is left out', () => {
  const nodes = [
    { node: 'A:1', groupId: 1, role: 'worker' },
    { node: 'b:1', groupId: 1, role: 'secondary' },
    { node: 'c:1', groupId: 3, role: 'worker' },
  ];
  expect(sourceGroups({ 'a:1': [10, 11], 'gone:1': [12], 'c:1': [13] }, nodes)).toEqual(
    new Map([
      [10, 1],
      [11, 1],
      [13, 3],
    ]),
  );
});
