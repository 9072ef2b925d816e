import { expect, test } from 'vitest';
import { chosenRung } from '../../../src/contract/index.js';
import { rungsOf, saferRung, type RungFacts } from '../../../src/planning/ladder.js';
import { rungIds, type RungId } from '../../../src/contract/index.js';

function facts(...possible: RungId[]): RungFacts {
  const fact = (id: RungId) => ({ possible: possible.includes(id), why: `of ${id}` });
  return {
    'no-shards': fact('no-shards'),
    standby: fact('standby'),
    restored: fact('restored'),
    'give-up-data': fact('give-up-data'),
  };
}

test('the safest rung that is possible is taken, whatever else is', () => {
  for (const [index, id] of rungIds.entries()) {
    const rungs = rungsOf(facts(...rungIds.slice(index)), { acceptsLoss: true });
    expect(chosenRung(rungs)?.id).toBe(id);
    expect(rungs.map((rung) => rung.id)).toEqual(rungIds);
    expect(rungs.map(({ why }) => why)).toEqual(rungIds.map((each) => `of ${each}`));
  }
});

test('data is given up only when somebody says so, and a standby loses none', () => {
  expect(chosenRung(rungsOf(facts('give-up-data'), { acceptsLoss: false }))).toBeUndefined();
  expect(chosenRung(rungsOf(facts('give-up-data'), { acceptsLoss: true }))?.losesData).toBe(true);
  expect(chosenRung(rungsOf(facts('standby', 'give-up-data'), { acceptsLoss: true }))).toMatchObject({
    id: 'standby',
    losesData: false,
  });
});

test('a rung that is named is taken or none', () => {
  const wishes = { named: 'standby', acceptsLoss: false } as const;
  expect(chosenRung(rungsOf(facts('no-shards', 'standby'), wishes))?.id).toBe('standby');
  expect(chosenRung(rungsOf(facts('no-shards'), wishes))).toBeUndefined();
});

test('a rung that loses rows is not taken, though named, while a safer one is possible', () => {
  const wishes = { named: 'restored', acceptsLoss: false } as const;
  expect(chosenRung(rungsOf(facts('restored', 'give-up-data'), wishes))?.id).toBe('restored');
  const rungs = rungsOf(facts('standby', 'restored'), wishes);
  expect(chosenRung(rungs)).toBeUndefined();
  expect(saferRung(rungs, 'restored')?.id).toBe('standby');
  expect(saferRung(rungs, 'standby')).toBeUndefined();
});

test('a rung says whether rows are lost by it, where that isn’t as usual', () => {
  const late = { ...facts('standby'), standby: { possible: true, why: 'late', losesData: true } };
  expect(chosenRung(rungsOf(late, { acceptsLoss: false }))).toMatchObject({ id: 'standby', losesData: true });
});
