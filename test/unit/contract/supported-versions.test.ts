import { expect, test } from 'vitest';
import { combinations, supportOf } from '../../../src/contract/index.js';

const of = (extension: string, library: string, postgres: number) =>
  supportOf({ extension, library, postgres });

test('releases before 12.1 are too old, by number and not by letters', () => {
  for (const [extension, library] of [
    ['8.0-1', '8.0.0'],
    ['11.3-1', '11.3.1'],
    ['12.0-1', '12.0.0'],
  ] as const)
    expect(of(extension, library, 150_000).state).toBe('too-old');
  expect(of('11.3-1', '11.3.1', 150_000).evidence).toContain('Citus 11.3 is too old');
});

test('a combination is what was tried of it, and every other is untried', () => {
  expect(of('13.2-1', '13.2.2', 150_020).state).toBe('tried');
  expect(of('13.2-1', '13.2.9', 150_099).state).toBe('tried');
  expect(of('14.0-1', '14.0.1', 180_000)).toEqual({
    state: 'untried',
    evidence: 'nobody has tried citus-scaler with Citus 14.0 with PostgreSQL 18',
  });
  expect(of('15.0-1', '15.0.0', 190_000).state).toBe('untried');
  expect(of('13.2-1', '13.2devel', 180_000).state).toBe('untried');
});

test('a library of another release than the extension is an update that was not finished', () => {
  const { state, evidence } = of('12.1-1', '13.2.2', 150_020);
  expect(state).toBe('half-updated');
  expect(evidence).toContain('13.2');
  expect(evidence).toContain('12.1');
});

test('each combination stands in the table once', () => {
  const names = combinations.map(({ citus, postgres }) => `${citus} ${postgres}`);
  expect(new Set(names).size).toBe(names.length);
});
