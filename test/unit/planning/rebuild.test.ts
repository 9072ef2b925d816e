import { expect, test } from 'vitest';
import { spread } from '../../../src/planning/rebuild.js';

test('lost groups go to the workers with the fewest shards, one after another', () => {
  const groups = [{ shardIds: [1, 2, 3] }, { shardIds: [4] }, { shardIds: [5] }, { shardIds: [6] }];
  const placed = spread(groups, [
    { node: 'a', shards: 0 },
    { node: 'b', shards: 2 },
  ]);
  expect(placed.map(({ to }) => to)).toEqual(['a', 'b', 'a', 'b']);
});

test('without a worker nothing is placed', () => {
  expect(spread([{ shardIds: [1] }], [])).toEqual([]);
});
