import { expect, test } from 'vitest';
import {
  maxMovesPerRound,
  packMoves,
  unpackMoves,
  withNodes,
  type PlannedMove,
} from '../../../src/planning/planned-moves.js';

const nodes = Array.from({ length: 100 }, (_, index) => `worker-${index}.db.internal:5432`);
const moves = (count: number): PlannedMove[] =>
  Array.from({ length: count }, (_, index) => ({
    shardId: 102_008 + index * 17,
    from: index % 60,
    to: 60 + (index % 40),
    bytes: (index * 7_919) % 40_000_000_000,
    label: index % 3,
  }));

const byShard = (a: PlannedMove, b: PlannedMove): number => a.shardId - b.shardId;

test('what was packed comes out again, sizes rounded up by less than a thousandth of the largest', () => {
  const before = moves(500);
  const packed = packMoves(before, nodes, ['orders', 'events', 'users']);
  const after = unpackMoves(packed).sort(byShard);
  expect(after.map(({ bytes: _bytes, ...rest }) => rest)).toEqual(
    before.map(({ bytes: _bytes, ...rest }) => rest),
  );
  const largest = Math.max(...before.map(({ bytes }) => bytes));
  after.forEach(({ bytes }, index) => {
    const original = before[index]?.bytes ?? 0;
    expect(bytes).toBeGreaterThanOrEqual(original);
    expect(bytes - original).toBeLessThan(largest / 1_000);
  });
});

test('a whole round of moves between a hundred nodes fits into one payload', () => {
  const packed = packMoves(moves(maxMovesPerRound), nodes, ['orders and 1 more']);
  expect(JSON.stringify(packed).length).toBeLessThan(50_000);
});

test('no move packs to nothing', () => {
  expect(unpackMoves(packMoves([], [], []))).toEqual([]);
});

test('machines that were started take the place of their placeholders', () => {
  const packed = packMoves(moves(3), ['db1:5432', 'new worker 1'], ['orders']);
  expect(withNodes(packed, new Map([['new worker 1', 'db9:5432']])).nodes).toEqual(['db1:5432', 'db9:5432']);
});
