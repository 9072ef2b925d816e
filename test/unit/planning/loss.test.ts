import { expect, test } from 'vitest';
import type { LostTable } from '../../../src/contract/index.js';
import { acceptsLoss, inTwoDigits, lossOf, type LossFacts } from '../../../src/planning/loss.js';

function table(name: string, rows?: number): LostTable {
  return {
    table: name,
    shardGroups: 2,
    shardsTotal: 8,
    ranges: [],
    ...(rows !== undefined && { rows }),
    basis: 'siblings',
  };
}

const facts = (tables: LostTable[], hash = 'a1b2c3d4'): LossFacts => ({
  cluster: 'shop',
  nodes: ['db3:5432'],
  tables,
  shardGroups: 2,
  hash,
});

test('the sentence names cluster, worker, tables and rows, and accepts that loss', () => {
  const loss = lossOf(facts([table('orders', 1_234), table('events', 40)]));
  expect(loss.sentence).toBe(
    'lose what only db3:5432 of shop held: 2 tables (events, orders), 2 shard groups, about 1,300 rows, loss a1b2c3d4',
  );
  expect(acceptsLoss(loss.sentence, loss)).toBe(true);
  expect(acceptsLoss(` ${loss.sentence.replace(' of ', '  of ')}\n`, loss)).toBe(true);
  expect(loss.tables.map((each) => each.table)).toEqual(['orders', 'events']);
});

test('a sentence that went through a program that shows text is the same one', () => {
  const loss = lossOf(facts([table(`it's "all"`, 1_234)]));
  expect(acceptsLoss(loss.sentence.replace(/'/g, '’').replace('"', '“').replace('"', '”'), loss)).toBe(true);
});

test('a loss of which only a part was ever counted says that there is more', () => {
  const loss = lossOf(facts([table('orders', 1_234), table('events')]));
  expect(loss.sentence).toContain(', about 1,200 rows and more that nobody counted, loss ');
  expect(acceptsLoss(loss.sentence, lossOf(facts([table('orders', 5), table('events', 9)])))).toBe(true);
});

test('rows that drift change nothing; other tables, workers or shards do', () => {
  const { sentence } = lossOf(facts([table('orders', 1_234)]));
  expect(acceptsLoss(sentence, lossOf(facts([table('orders', 9_000)])))).toBe(true);
  expect(acceptsLoss(sentence, lossOf(facts([table('orders')])))).toBe(true);
  expect(acceptsLoss(sentence, lossOf(facts([table('orders', 1_234)], 'ffffffff')))).toBe(false);
  expect(acceptsLoss(sentence, lossOf(facts([table('events', 1_234)])))).toBe(false);
  expect(acceptsLoss('yes', lossOf(facts([table('orders', 1_234)])))).toBe(false);
});

test('a loss of which nothing is known says so, and many tables are named by the first', () => {
  const many = Array.from({ length: 70 }, (_, index) => table(`t${String(index).padStart(2, '0')}`));
  const loss = lossOf(facts(many));
  expect(loss.sentence).toContain('70 tables (t00, t01, t02, t03, t04 and 65 more)');
  expect(loss.sentence).toContain('an unknown number of rows');
  expect(loss.tables).toHaveLength(50);
  expect(loss).not.toHaveProperty('rows');
});

test.each([
  [0, 0],
  [7.4, 7],
  [99, 99],
  [123, 120],
  [98_765, 99_000],
])('%d is %d in two digits', (value, rounded) => {
  expect(inTwoDigits(value)).toBe(rounded);
});
