import { expect, test } from 'vitest';
import { balanceOf, type BalanceGroup, type BalanceNode } from '../../../src/planning/balance.js';

const node = (groupId: number, more: Partial<BalanceNode> = {}): BalanceNode => ({
  groupId,
  node: `db${groupId}:5432`,
  role: groupId === 0 ? 'coordinator' : 'worker',
  active: true,
  shouldHaveShards: groupId !== 0,
  ...more,
});
const group = (groupId: number, bytes: number, more: Partial<BalanceGroup> = {}): BalanceGroup => ({
  groupId,
  bytes,
  shardIds: [1, 2],
  movable: true,
  ...more,
});

test('counts movable shards and bytes by worker, and the rest as pinned', () => {
  const groups = [
    group(1, 300),
    group(1, 100),
    group(2, 100),
    group(0, 9, { movable: false, shardIds: [9] }),
  ];
  const balance = balanceOf(groups, [node(0), node(1), node(2)]);
  expect(balance.workers).toEqual([
    { node: 'db1:5432', shards: 4, bytes: 400, shouldHaveShards: true, state: 'active' },
    { node: 'db2:5432', shards: 2, bytes: 100, shouldHaveShards: true, state: 'active' },
  ]);
  expect(balance.skew).toBeCloseTo(1.6);
  expect(balance.movableShards).toBe(6);
  expect(balance.pinnedShards).toBe(1);
});

test('counts a standby neither as a worker nor its shards twice', () => {
  const standby = node(1, { node: 'db9:5432', role: 'secondary' });
  const balance = balanceOf([group(1, 100)], [node(1), standby]);
  expect(balance.workers.map((worker) => worker.node)).toEqual(['db1:5432']);
  expect(balance.movableShards).toBe(2);
});

test('a coordinator takes part when it should hold shards, or does', () => {
  expect(balanceOf([], [node(0, { shouldHaveShards: true }), node(1)]).workers).toHaveLength(2);
  expect(balanceOf([group(0, 5)], [node(0), node(1)]).workers).toHaveLength(2);
  expect(balanceOf([group(1, 5)], [node(0), node(1)]).workers).toHaveLength(1);
});

test('an empty worker makes it uneven, a drained one does not', () => {
  const groups = [group(1, 100), group(2, 100)];
  expect(balanceOf(groups, [node(1), node(2), node(3, { planned: true })]).skew).toBeCloseTo(1.5);
  expect(balanceOf(groups, [node(1), node(2), node(3, { shouldHaveShards: false })]).skew).toBe(1);
});

test('before a plan those count that take part after it: filling new workers is no loss', () => {
  const groups = [group(1, 100), group(2, 100)];
  const after = [node(1), node(2), node(3, { planned: true })];
  const before = balanceOf(groups, [node(1), node(2)], after);
  expect(before.skew).toBeCloseTo(1.5);
  expect(before.workers).toHaveLength(2);
  const back = [node(1), node(2), node(3)];
  expect(balanceOf(groups, [node(1), node(2), node(3, { shouldHaveShards: false })], back).skew).toBeCloseTo(
    1.5,
  );
  expect(balanceOf(groups, [node(1), node(2)], [node(1)]).skew).toBe(1);
});

test('is 0 without data, and 1 when it is even', () => {
  expect(balanceOf([], [node(1), node(2)]).skew).toBe(0);
  expect(balanceOf([group(1, 7), group(2, 7)], [node(1), node(2)]).skew).toBe(1);
});

test('tells planned and inactive workers', () => {
  const states = balanceOf([], [node(1), node(2, { active: false }), node(3, { planned: true })]).workers;
  expect(states.map(({ state }) => state)).toEqual(['active', 'inactive', 'planned']);
});
