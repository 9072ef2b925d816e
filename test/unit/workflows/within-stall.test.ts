import { expect, test } from 'vitest';
import type { OperationRequest } from '../../../src/contract/internal/request.js';
import type { Batch } from '../../../src/planning/next-batch.js';
import type { PlannedMove, PlannedMoves } from '../../../src/planning/planned-moves.js';
import { createWithinStall } from '../../../src/workflows/movement/within-stall.js';

const request = { transferMode: 'auto' } as OperationRequest;
const round: PlannedMoves = { nodes: [], labels: [], moves: [], maxWriteStall: 0.3 };
const small: PlannedMove = { shardId: 7, from: 0, to: 1, bytes: 1e5, label: 0, mode: 'logical' };
const result = { movedShardGroups: 0, movedBytes: 0, left: [7], notes: [] };
const cutBy = (by: 'lock' | 'size') => ({ ...result, cut: [{ shardId: 7, by }] });
const batch: Batch = [small];

test('only what may go on online, is small, and is bounded at all blocks writes', () => {
  const { has } = createWithinStall({ notes: [] });
  expect(has(request, round, small)).toBe(true);
  expect(has(request, round, { ...small, bytes: 1e8 })).toBe(false);
  expect(has(request, round, { ...small, mode: 'blocking' })).toBe(false);
  expect(has({ ...request, transferMode: 'force_logical' }, round, small)).toBe(false);
  const { maxWriteStall: _, ...unbounded } = round;
  expect(has(request, unbounded, small)).toBe(false);
});

test('what an open transaction cut is tried three times in all, what was too large once; both are told', () => {
  const notes: string[] = [];
  const within = createWithinStall({ notes });
  for (const left of [true, true, false]) {
    within.learn(round, batch, cutBy('lock'));
    expect(within.has(request, round, small)).toBe(left);
  }
  const other = createWithinStall({ notes });
  other.learn(round, batch, cutBy('size'));
  expect(other.has(request, round, small)).toBe(false);
  within.sayCut(round);
  other.sayCut(round);
  expect(notes).toEqual([
    '3 moves ended without effect after 0.3 s, the bound on the write stall: 3 waited for an open transaction and began anew',
    '1 move ended without effect after 0.3 s, the bound on the write stall: 1 would have blocked writes for longer and moved online instead',
  ]);
});
