import { expect, test } from 'vitest';
import { nextBatch, type Batch } from '../../../src/planning/next-batch.js';
import type { PlannedMove } from '../../../src/planning/planned-moves.js';

const move = (shardId: number, from: number, to: number, bytes = 0): PlannedMove => ({
  shardId,
  from,
  to,
  bytes,
  label: 0,
  mode: 'logical',
});

/** Hands out everything, always finishing the batch that began first. */
function allBatches(moves: PlannedMove[], parallelMoves: number): Batch[] {
  const pending = new Set(moves);
  const running: Batch[] = [];
  const all: Batch[] = [];
  for (;;) {
    const batch = nextBatch({
      pending: [...pending],
      running,
      parallelMoves,
      total: moves.length,
    });
    if (batch) {
      batch.forEach((each) => pending.delete(each));
      running.push(batch);
      all.push(batch);
      expect(running.length).toBeLessThanOrEqual(parallelMoves);
    } else if (running.length > 0) running.shift();
    else return all;
  }
}

test('hands out every move exactly once, each batch between two nodes', () => {
  const moves = Array.from({ length: 257 }, (_, index) =>
    move(index, index % 3, 3 + (index % 2), index * 1e5),
  );
  const batches = allBatches(moves, 4);
  expect(
    batches
      .flat()
      .map(({ shardId }) => shardId)
      .sort((a, b) => a - b),
  ).toEqual(moves.map(({ shardId }) => shardId));
  for (const batch of batches) expect(new Set(batch.map(({ from, to }) => `${from}>${to}`)).size).toBe(1);
});

test('spreads moves over sources and targets', () => {
  const moves = [move(1, 0, 2), move(2, 0, 2), move(3, 1, 3), move(4, 1, 3)];
  const [first] = allBatches(moves, 2);
  const second = nextBatch({
    pending: moves.filter((each) => !first?.includes(each)),
    running: first ? [first] : [],
    parallelMoves: 2,
    total: 4,
  });
  expect(second?.[0].from).not.toBe(first?.[0].from);
});

test('a big move goes alone, the largest first', () => {
  const moves = [move(1, 0, 1, 10e9), move(2, 0, 1, 90e9), move(3, 0, 1, 20e9)];
  expect(allBatches(moves, 1).map((batch) => batch.map(({ shardId }) => shardId))).toEqual([[2], [3], [1]]);
});

test('makes at most 1,000 batches of however many moves', () => {
  const moves = Array.from({ length: 5_000 }, (_, index) => move(index, index % 10, 10 + (index % 7), 5e9));
  expect(allBatches(moves, 8).length).toBeLessThanOrEqual(1_000);
});

test('twenty small moves at four at once are eight batches: two a lane', () => {
  const moves = Array.from({ length: 20 }, (_, index) => move(index, index % 2, 2 + (index % 2), 1e6));
  expect(allBatches(moves, 4).map(({ length }) => length)).toEqual([3, 3, 3, 3, 3, 3, 1, 1]);
});

test('the last of many small moves are shared out over all lanes', () => {
  const moves = Array.from({ length: 32 }, (_, index) => move(index, index % 2, 2 + (index % 2), 1e6));
  expect(allBatches(moves, 8).slice(8)).toHaveLength(6);
});

test('a few small moves go at once rather than in one batch', () => {
  const moves = [move(1, 0, 1), move(2, 0, 1), move(3, 0, 1), move(4, 0, 1)];
  expect(allBatches(moves, 4)).toHaveLength(4);
});

test('batches that would take longer get smaller towards the end', () => {
  const moves = Array.from({ length: 20 }, (_, index) => move(index, 0, 1, 60e6));
  const lengths = allBatches(moves, 2).map(({ length }) => length);
  expect(lengths[0]).toBeGreaterThan(lengths.at(-1) ?? 0);
  expect(lengths.at(-1)).toBe(1);
});

test('hands out nothing while as many run as may', () => {
  const moves = [move(1, 0, 1), move(2, 0, 1)];
  expect(
    nextBatch({ pending: moves, running: [[move(3, 0, 1)]], parallelMoves: 1, total: 3 }),
  ).toBeUndefined();
});

test('a batch ends inside of the window, and what has no room in it doesn’t start', () => {
  const estimate = ({ bytes }: PlannedMove): number => bytes;
  const pending = [move(1, 0, 1, 90), move(2, 0, 1, 30), move(3, 0, 1, 20), move(4, 0, 1, 15)];
  const order = { pending, running: [], parallelMoves: 1, total: 4 };
  const within = (seconds: number): number[] | undefined =>
    nextBatch({ ...order, within: { seconds, estimate } })?.map(({ shardId }) => shardId);
  expect(within(55)).toEqual([2, 3]);
  expect(within(45)).toEqual([2]);
  expect(within(17)).toEqual([4]);
  expect(within(10)).toBeUndefined();
});

test('moves of one statement are handed out evenly, and no more than a statement may make', () => {
  const moves = (count: number): PlannedMove[] =>
    Array.from({ length: count }, (_, index) => move(index, 0, 1 + (index % 2)));
  const sizes = (count: number): number[] => {
    const pending = new Set(moves(count));
    const running: Batch[] = [];
    for (;;) {
      const batch = nextBatch({
        pending: [...pending],
        running,
        parallelMoves: 2,
        total: count,
        together: true,
      });
      if (!batch) return running.map(({ length }) => length);
      batch.forEach((each) => pending.delete(each));
      running.push(batch);
    }
  };
  expect(sizes(22)).toEqual([11, 11]);
  expect(sizes(500)).toEqual([20, 20]);
  expect(sizes(1)).toEqual([1]);
});

test('moves that block writes within the bound run in one batch at a time, beside others', () => {
  const small = Array.from({ length: 150 }, (_, index) => move(index, index % 2, 2, 1e5));
  const large = Array.from({ length: 4 }, (_, index) => move(1_000 + index, index % 2, 2, 1e9));
  const has = ({ bytes }: PlannedMove): boolean => bytes < 1e6;
  const pending = new Set([...small, ...large]);
  const running: Batch[] = [];
  while (pending.size > 0 || running.length > 0) {
    const isRunning = running.some(([first]) => has(first));
    const withinStall = { has, running: isRunning, tries: () => 0 };
    const batch = nextBatch({ pending: [...pending], running, parallelMoves: 3, total: 154, withinStall });
    if (batch) {
      expect(new Set(batch.map(has)).size).toBe(1);
      batch.forEach((each) => pending.delete(each));
      running.push(batch);
      expect(running.filter(([first]) => has(first)).length).toBeLessThanOrEqual(1);
    } else running.shift();
  }
});

test('a move that was cut is tried again after the others', () => {
  const moves = [move(1, 0, 1, 3e5), move(2, 0, 1, 2e5), move(3, 0, 1, 1e5)];
  const withinStall = {
    has: () => true,
    running: false,
    tries: ({ shardId }: PlannedMove) => (shardId === 1 ? 1 : 0),
  };
  const batch = nextBatch({ pending: moves, running: [], parallelMoves: 2, total: 3, withinStall });
  expect(batch?.map(({ shardId }) => shardId)).toEqual([2, 3, 1]);
});
