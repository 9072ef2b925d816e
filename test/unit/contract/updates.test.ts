import { expect, test } from 'vitest';
import {
  argumentProblem,
  describeUpdate,
  problemLine,
  updateNames,
  type UpdateName,
} from '../../../src/contract/index.js';

const by = 'ada';

test.each<[UpdateName, unknown, string | undefined]>([
  ['approve', { by }, undefined],
  ['approve', { by, planHash: '3f9c2a' }, undefined],
  ['approve', { by, planHash: 7 }, 'planHash: must be a text'],
  ['approve', { by, planhash: 'x' }, 'planhash: unknown field; allowed: by, planHash, backup'],
  ['approve', { by, toString: 'x' }, 'toString: unknown field; allowed: by, planHash, backup'],
  ['approve', 'ada', 'it takes an object with by, planHash, backup'],
  ['approve', {}, 'by: required: a text'],
  ['reject', { by }, 'reason: required: a text'],
  ['reject', { by, reason: ' ' }, 'reason: required: a text'],
  ['pause', { by, reason: 'sale', now: true }, undefined],
  ['pause', { by, now: 'yes' }, 'now: must be true or false'],
  ['setParallelMoves', { by, n: 8 }, undefined],
  ['setParallelMoves', { by, n: 0 }, 'n: must be a whole number from 1 to 64'],
  ['setParallelMoves', { by, n: 1.5 }, 'n: must be a whole number from 1 to 64'],
  ['setParallelMoves', { by }, 'n: must be a whole number from 1 to 64'],
])('%s of %j: %s', (name, argument, problem) => {
  const found = argumentProblem(name, argument);
  expect(found && problemLine(found)).toBe(problem);
});

test('the Temporal UI shows what an update does and takes', () => {
  expect(describeUpdate('reject')).toBe('Reject the plan shown, which ends the operation: {by, reason}');
  expect(describeUpdate('pause')).toMatch(/^Begin nothing new .*: \{by, reason\?, now\?\}$/);
  for (const name of updateNames) expect(describeUpdate(name)).toMatch(/^[A-Z].*: \{by.*\}$/);
});
