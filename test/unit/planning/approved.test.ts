import { expect, test } from 'vitest';
import {
  approvedAfter,
  approvedFor,
  approvedNow,
  approvedOf,
  approvedWith,
  type Approved,
} from '../../../src/planning/approved.js';
import { plannedMoves } from '../../../src/planning/planned-moves.js';

const route = (from: string, to: string, bytes = 100) => ({ from, to, bytes });
const many = (count: number, from: string, to: string) =>
  Array.from({ length: count }, () => route(from, to));
const roundOf = (count: number) =>
  plannedMoves(
    Array.from({ length: count }, (_, index) => ({
      shardId: index,
      from: 0,
      to: 1,
      bytes: 100,
      label: 0,
      mode: 'logical' as const,
    })),
    ['db1', 'db2'],
    [],
  );

test('when the approved moves are made, no other is approved, between the same nodes neither', () => {
  const approved = approvedAfter(approvedFor(many(4, 'db1', 'db2')), roundOf(4));
  expect(approvedOf(approved, many(1, 'db1', 'db2'))).toEqual([]);
});

test('nodes that the plan doesn’t name give nothing and get nothing, and a source gets nothing', () => {
  const approved = approvedFor(many(40, 'db1', 'db2'));
  const moves = [route('db3', 'db2'), route('db1', 'db3'), route('db2', 'db1')];
  expect(approvedOf(approved, moves)).toEqual([]);
  expect(approvedOf(approved, [...moves, route('db1', 'db2')])).toEqual([route('db1', 'db2')]);
});

test('the rounds of a large plan may come to a tenth more than was approved, in moves and in bytes', () => {
  const approved = approvedAfter(approvedFor(many(100, 'db1', 'db2')), roundOf(60));
  expect(approvedOf(approved, many(50, 'db1', 'db2'))).toHaveLength(50);
  expect(approvedOf(approved, many(51, 'db1', 'db2'))).toHaveLength(50);
  expect(approvedOf(approved, [route('db1', 'db2', 5_000)])).toHaveLength(1);
  expect(approvedOf(approved, [route('db1', 'db2', 5_001)])).toEqual([]);
});

test('nodes that are to be empty give whatever comes to them, and no other gives anything', () => {
  const approved = approvedAfter(approvedFor([], ['db1']), roundOf(7));
  expect(approvedOf(approved, [...many(20, 'db1', 'db4'), route('db2', 'db4')])).toEqual(
    many(20, 'db1', 'db4'),
  );
});

test('a machine that was started is approved in the place of its placeholder', () => {
  const approved: Approved = approvedWith(
    approvedFor(many(10, 'db1', 'new worker 1')),
    new Map([['new worker 1', 'db9']]),
  );
  expect(approvedOf(approved, [route('db1', 'db9')])).toHaveLength(1);
});

test('an approval holds for a node that a failover gave another address, and for none that has its old one', () => {
  const before = [
    { node: 'db1', nodeId: 1 },
    { node: 'db2', nodeId: 2 },
    { node: 'db2-standby', nodeId: 3 },
  ];
  const approved = approvedFor(many(2, 'db1', 'db2'), [], before);
  // The two have changed their addresses.
  const after = [
    { node: 'db1', nodeId: 1 },
    { node: 'db2-standby', nodeId: 2 },
    { node: 'db2', nodeId: 3 },
  ];
  const now = approvedNow(approved, after);
  expect(approvedOf(now, many(1, 'db1', 'db2-standby'))).toHaveLength(1);
  expect(approvedOf(now, many(1, 'db1', 'db2'))).toEqual([]);
  // And back again.
  expect(approvedNow(now, before)).toEqual(approved);
});
