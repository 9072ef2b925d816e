import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { isClosed, watchClosing, type ClosingOptions } from '../../../../src/activities/moving/closing.js';

const start = Date.parse('2026-11-24T03:00:00Z');
const closing = { at: '2026-11-24T04:00:00Z', graceSeconds: 600, expectedSeconds: [1_800] };
const hour = 3_600_000;
let asked = 0;

beforeEach(() => {
  asked = 0;
  vi.useFakeTimers({ now: start });
});
afterEach(() => vi.useRealTimers());

function watch(mayGoOn = false, more: Partial<ClosingOptions> = {}) {
  return watchClosing({
    closing,
    index: 0,
    isAdopted: false,
    mayGoOn: () => {
      asked += 1;
      return Promise.resolve(mayGoOn);
    },
    ...more,
  });
}
const minutes = (n: number) => vi.advanceTimersByTimeAsync(n * 60_000);

test('nobody is asked before closing time', async () => {
  const watched = watch();
  await minutes(59);
  expect(asked).toBe(0);
  expect(isClosed(closing)).toBe(false);
  expect(watched.signal.aborted).toBe(false);
  watched.end();
});

test('a move that can’t end within the grace is stopped at closing time', async () => {
  const watched = watch();
  await minutes(59);
  watched.update(500, 1_000);
  await minutes(1.1);
  expect(isClosed(closing)).toBe(true);
  expect(watched.signal.aborted).toBe(true);
  expect(watched.neededSeconds()).toBeCloseTo(7_200, -2);
});

test('a move that is expected to end within the grace goes on, but never longer than that', async () => {
  const watched = watch();
  await minutes(59);
  watched.update(999, 1_000);
  await minutes(10);
  expect(watched.signal.aborted).toBe(false);
  await minutes(1.1);
  expect(watched.signal.aborted).toBe(true);
});

test('a move of which nothing is known is stopped when it has outlasted what was expected', async () => {
  const watched = watch();
  await minutes(60.1);
  expect(watched.signal.aborted).toBe(true);
});

test('a window that is ignored meanwhile stops nothing', async () => {
  const watched = watch(true);
  await minutes(180);
  expect(asked).toBeGreaterThan(100);
  expect(watched.signal.aborted).toBe(false);
  watched.end();
});

test('of an adopted move only what was copied since says how quick it is', async () => {
  const watched = watch(false, { isAdopted: true });
  vi.setSystemTime(start + hour - 60_000);
  watched.update(900, 1_000);
  await vi.advanceTimersByTimeAsync(30_000);
  watched.update(900, 1_000);
  await vi.advanceTimersByTimeAsync(hour);
  expect(watched.signal.aborted).toBe(true);
});

test('a move that has ended is not watched any more', async () => {
  const watched = watch();
  watched.end();
  await minutes(120);
  expect(asked).toBe(0);
});
