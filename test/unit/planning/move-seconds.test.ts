import { expect, test } from 'vitest';
import { createMoveSeconds, secondsToGo, wholeSeconds } from '../../../src/planning/move-seconds.js';
import { expectedSeconds } from '../../../src/planning/next-batch.js';
import type { PlannedMove } from '../../../src/planning/planned-moves.js';

const move = (shardId: number, bytes: number): PlannedMove => ({
  shardId,
  from: 0,
  to: 1,
  label: 0,
  bytes,
  mode: 'logical',
});

test('before anything is measured a move takes what moves in general take', () => {
  expect(createMoveSeconds().estimate(move(1, 15e9))).toBe(expectedSeconds(15e9));
});

test('what moves really take corrects what is expected of the others, up and down', () => {
  const slow = createMoveSeconds();
  const quick = createMoveSeconds();
  for (let n = 0; n < 20; n += 1) {
    slow.recordBatch([move(n, 150e6)], 46);
    quick.recordBatch([move(n, 150e6)], 2.875);
  }
  const general = expectedSeconds(1.5e9);
  expect(slow.estimate(move(99, 1.5e9)) / general).toBeCloseTo(4, 0);
  expect(quick.estimate(move(99, 1.5e9)) / general).toBeCloseTo(0.25, 1);
});

test('one quick batch is no proof', () => {
  const seconds = createMoveSeconds();
  seconds.recordBatch([move(1, 0)], 0.1);
  expect(seconds.estimate(move(2, 15e9)) / expectedSeconds(15e9)).toBeGreaterThan(0.75);
});

test('a move that was stopped is expected to take what its own progress said', () => {
  const seconds = createMoveSeconds();
  seconds.recordMove(7, 40_000);
  expect(seconds.estimate(move(7, 1e9))).toBe(40_000);
  expect(seconds.estimate(move(8, 1e9))).toBe(expectedSeconds(1e9));
  seconds.forgetMoves();
  expect(seconds.estimate(move(7, 1e9))).toBe(expectedSeconds(1e9));
});

test('a running move goes on at its own rate; without figures it takes what was expected, then as long again', () => {
  expect(secondsToGo({ seconds: 60, expectedSeconds: 1, copiedBytes: 600, leftBytes: 300 })).toBe(30);
  expect(secondsToGo({ seconds: 60, expectedSeconds: 100 })).toBe(40);
  expect(secondsToGo({ seconds: 160, expectedSeconds: 100 })).toBe(160);
  expect(wholeSeconds({ seconds: 60, expectedSeconds: 1, copiedBytes: 600, leftBytes: 300 }, 900)).toBe(90);
  expect(wholeSeconds({ seconds: 160, expectedSeconds: 100 }, 900)).toBe(320);
});
