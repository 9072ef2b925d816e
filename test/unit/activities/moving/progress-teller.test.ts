import { expect, test } from 'vitest';
import { progressTeller } from '../../../../src/activities/moving/progress-teller.js';
import type { MoveHeartbeat } from '../../../../src/contract/internal/heartbeat.js';

const beat = (bytesDone: number, copiedBytes: number): MoveHeartbeat => ({
  kind: 'moves',
  movesDone: 1,
  bytesDone,
  current: {
    from: 'a:1',
    to: 'b:1',
    tables: ['t'],
    phase: 'Copying Data',
    attempt: 1,
    copiedBytes,
    bytes: 500,
  },
});

test('a batch tells of itself within a move, a hundred times at most, however long its round takes', () => {
  let now = 0;
  const told: number[] = [];
  const tell = progressTeller(
    { basis: 'bytes', total: 100_000 },
    (done) => told.push(done),
    () => now,
  );
  for (let copied = 0; copied < 100_000; copied += 50) {
    now += 60_000;
    tell(beat(copied, 10));
    tell(beat(copied, 20));
  }
  expect(told).toHaveLength(99);
  expect(told[0]).toBe(1_010);
});

test('it tells no more often than every ten seconds, and nothing where nothing grows', () => {
  let now = 0;
  const told: number[] = [];
  const tell = progressTeller(
    { basis: 'bytes', total: 1_000 },
    (done) => told.push(done),
    () => now,
  );
  for (; now < 30_000; now += 1_000) tell(beat(now / 100, 0));
  expect(told).toEqual([100, 200]);
  for (; now < 90_000; now += 1_000) tell(beat(200, 0));
  expect(told).toEqual([100, 200]);
});

test('where no sizes are known moves are counted', () => {
  const told: number[] = [];
  let now = 0;
  const tell = progressTeller(
    { basis: 'moves', total: 4 },
    (done) => told.push(done),
    () => now,
  );
  now = 20_000;
  tell(beat(0, 0));
  expect(told).toEqual([1]);
});
