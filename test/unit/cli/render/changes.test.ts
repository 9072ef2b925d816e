import { expect, test } from 'vitest';
import type { OperationStatus } from '../../../../src/contract/index.js';
import { changes } from '../../../../src/cli/render/changes.js';
import { attention, awaiting, paused, plan, running } from '../statuses.js';

test('a pause is told with who and why, also while a plan waits for approval', () => {
  expect(changes(running, paused)).toEqual(['Paused by ada@ops: month-end run']);
  expect(changes(awaiting, { ...awaiting, paused: { by: 'ada@ops' } })).toEqual(['Paused by ada@ops']);
});

test('progress without a terminal is a line a change', () => {
  expect(changes(undefined, awaiting)).toEqual([
    '✓ Check the cluster (1 s)',
    '✓ Plan (1 s): 24 moves, 1 new worker',
    '– Start new workers: nothing to start',
    '● Move shards',
    'plan 57a1f6728c9efd8a: 24 moves, 29 GB',
    'awaiting approval',
  ]);
  expect(changes(running, running)).toEqual([]);
  const further = {
    ...running,
    progress: { ...running.progress, done: 9_100_000_000, percent: 38 },
  } as OperationStatus;
  expect(changes(running, further)).toEqual([]);
  const more = { ...further, progress: { ...further.progress, percent: 41 } } as OperationStatus;
  expect(changes(further, more)).toEqual(['41%  9.1 GB of 29 GB  45 MB/s  about 7 min 20 s left']);
  expect(changes(running, attention)[0]).toMatch(/^needs attention: no pg_hba/);
});

test('a plan that moves nothing says what it does instead', () => {
  const isolating = {
    ...plan,
    hash: 'f00',
    moves: [],
    movesTotal: 0,
    bytes: 0,
    isolatedWorkers: ['db3:5432'],
  };
  const lines = changes(running, { ...running, plan: { ...isolating, newWorkers: [] } });
  expect(lines).toContain('plan f00: db3:5432 is isolated');
});
