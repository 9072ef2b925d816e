import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  idsOf,
  movesOf,
  namesOf,
  plannedMoves,
  withIds,
  withNodes,
  type PlannedMove,
} from '../../../src/planning/planned-moves.js';

const anyMove = fc.record({
  shardId: fc.nat({ max: Number.MAX_SAFE_INTEGER }),
  from: fc.nat(100),
  to: fc.nat(100),
  bytes: fc.nat({ max: Number.MAX_SAFE_INTEGER }),
  label: fc.nat(10),
  mode: fc.constantFrom('logical' as const, 'blocking' as const),
});
const move: PlannedMove = { shardId: 102_008, from: 0, to: 1, bytes: 61_000_001, label: 0, mode: 'logical' };
const round = plannedMoves([move], ['db1:5432', 'new worker 1'], ['orders and 1 more']);

test('moves come out of a history as they went in: in their order, to the byte', () =>
  fc.assert(
    fc.property(fc.array(anyMove), (moves) => {
      const kept = JSON.stringify(plannedMoves(moves, [], []));
      expect(movesOf(JSON.parse(kept) as typeof round)).toEqual(moves);
    }),
  ));

test('a move can be read: shard, from, to, bytes and what it is called', () => {
  expect(round.moves).toEqual([[102_008, 0, 1, 61_000_001, 0]]);
  expect(namesOf(round, move)).toEqual({
    from: 'db1:5432',
    to: 'new worker 1',
    tables: ['orders and 1 more'],
  });
});

test('machines that were started take the place of their placeholders', () => {
  expect(withNodes(round, new Map([['new worker 1', 'db9:5432']]))).toEqual({
    ...round,
    nodes: ['db1:5432', 'db9:5432'],
  });
});

test('a move has the ids of its nodes, as far as they are registered', () => {
  expect(idsOf(round, move)).toEqual({});
  const known = { ...round, nodeIds: [4, 0] };
  expect(idsOf(known, move)).toEqual({ fromId: 4 });
  expect(idsOf(withIds(known, { 'new worker 1': 7 }), move)).toEqual({ fromId: 4, toId: 7 });
});
