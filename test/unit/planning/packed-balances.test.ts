import { expect, test } from 'vitest';
import type { Balance } from '../../../src/contract/index.js';
import { packBalances, unpackBalances } from '../../../src/planning/packed-balances.js';

const worker = (node: string, shards: number): Balance['workers'][number] => ({
  node,
  shards,
  bytes: shards * 1_000,
  shouldHaveShards: true,
  state: 'active',
});
const before: Balance = {
  workers: [worker('db1:5432', 8), worker('gone:5432', 4)],
  skew: 1.5,
  movableShards: 12,
  pinnedShards: 2,
};
const after: Balance = {
  workers: [worker('db1:5432', 6), { ...worker('new worker 1', 6), state: 'planned' }],
  skew: 1,
  movableShards: 12,
  pinnedShards: 2,
};

test('two balances come out as they went in, whoever is in only one of them', () => {
  expect(unpackBalances(packBalances(before, after))).toEqual({ before, after });
});

test('those of two hundred workers take less than a third of a payload', () => {
  const many = Array.from({ length: 200 }, (_, index) => worker(`worker-${index}.db.internal:5432`, 1_000));
  const balance: Balance = { ...before, workers: many };
  expect(JSON.stringify(packBalances(balance, balance)).length).toBeLessThan(64 * 1024 * 0.33);
});
