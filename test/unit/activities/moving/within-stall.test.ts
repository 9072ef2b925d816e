import { expect, test } from 'vitest';
import { waitsForNobody } from '../../../../src/activities/moving/within-stall.js';
import type { Conditions } from '../../../../src/citus/nodes/conditions.js';

const server = { node: 'db1:5432', standbyNames: null, standbys: 0 } as Conditions;

test('a server waits for nobody when its standbys are there; where they can’t be seen, nobody knows', () => {
  expect(waitsForNobody([server])).toBe(true);
  expect(waitsForNobody([server, { ...server, standbyNames: 'one', standbys: 1 }])).toBe(true);
  expect(waitsForNobody([server, { ...server, standbyNames: 'one', standbys: 0 }])).toBe(false);
  expect(waitsForNobody([server, { ...server, standbyNames: 'one', standbys: null }])).toBe(false);
  expect(waitsForNobody([{ ...server, standbys: null }])).toBe(true);
});
