import { expect, test } from 'vitest';
import { createWriteStalls, expectedWriteStall } from '../../../src/planning/write-stall.js';

test('the write stall is expected by size, and learned from the moves that were made', () => {
  const stalls = createWriteStalls();
  expect(stalls.estimate(6e6)).toBeCloseTo(expectedWriteStall(6e6));
  for (let made = 0; made < 20; made += 1) stalls.record({ moves: 1, bytes: 6e6, seconds: 0.15 });
  expect(stalls.estimate(6e6)).toBeLessThan(0.2);
  expect(stalls.estimate(6e6)).toBeGreaterThan(0.15);
});

test('one slow move among many doesn’t change much, many do', () => {
  const stalls = createWriteStalls();
  stalls.record({ moves: 10, bytes: 1e6, seconds: 1 });
  stalls.record({ moves: 1, bytes: 1e5, seconds: 0.45 });
  expect(stalls.estimate(1e5)).toBeLessThan(0.15);
  for (let cut = 0; cut < 10; cut += 1) stalls.record({ moves: 1, bytes: 1e5, seconds: 0.45 });
  expect(stalls.estimate(1e5)).toBeGreaterThan(0.2);
});
