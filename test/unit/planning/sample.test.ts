import { expect, test } from 'vitest';
import type { NodeSample } from '../../../src/contract/internal/sample.js';
import { nextSample } from '../../../src/planning/sample.js';

const one = (groupId: number, takenAt: string, tables: NodeSample['tables'] = []): NodeSample => ({
  node: `db${groupId}:5432`,
  groupId,
  takenAt,
  standbys: [],
  tables,
});
const registered = (...groups: number[]) => groups.map((groupId) => ({ node: `db${groupId}:5432`, groupId }));

test('a worker that is away keeps what was known of it, one that has left is forgotten', () => {
  const last = nextSample('1', registered(1, 2, 3), [one(1, '1'), one(2, '1'), one(3, '1')], undefined);
  const next = nextSample('2', registered(1, 2), [one(1, '2')], last);
  expect(next.nodes).toEqual([one(1, '2'), one(2, '1')]);
});

test('another server under a known address is not taken for the one that was there', () => {
  const last = nextSample('1', registered(1), [one(1, '1')], undefined);
  expect(nextSample('2', [{ node: 'db1:5432', groupId: 7 }], [], last).nodes).toEqual([]);
});

test('what has no room is the smallest, and is counted', () => {
  const tables = Array.from({ length: 2_000 }, (_, index) => ({
    table: `a table with a long name ${index}`,
    shards: 4,
    rows: 1_000,
    bytes: index,
  }));
  const sample = nextSample('1', registered(1), [one(1, '1', tables)], undefined);
  expect(JSON.stringify(sample).length).toBeLessThan(64_000);
  expect(sample.leftOut).toBeGreaterThan(0);
  const kept = sample.nodes[0]?.tables ?? [];
  expect(kept.length + sample.leftOut).toBe(2_000);
  expect(kept.every(({ bytes }) => bytes >= sample.leftOut)).toBe(true);
});
