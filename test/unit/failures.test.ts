import { ApplicationFailure } from '@temporalio/common';
import { expect, test } from 'vitest';
import { does } from '../../src/contract/index.js';
import { detailsOf, lockLost, needsPerson, passing, refused, withEvidence } from '../../src/failures.js';

const remedies = ['free some', does('retry', 'then retry')];
const details = [
  {
    cluster: 'shop',
    evidence: ['3 MB'],
    remedies: [{ text: 'free some' }, { text: 'then retry', action: 'retry' }],
  },
];
const said = { cluster: 'shop', evidence: ['3 MB'], remedies };

test.each([
  [refused('PlanChanged', 'x', said), 'PlanChanged', true],
  [needsPerson('x', said), 'NeedsPerson', true],
  [passing('x', said), 'Passing', false],
])('%s has a type, a sentence, and remedies as data', (failure, type, nonRetryable) => {
  expect(failure).toMatchObject({ type, message: 'x', nonRetryable, details });
});

test('who says nothing more has empty details', () => {
  expect(lockLost('lock')).toMatchObject({ type: 'LockLost', details: [{ evidence: [], remedies: [] }] });
  expect(detailsOf(new Error('x'))).toEqual({ evidence: [], remedies: [] });
});

test('what was seen besides is added, and all else stays', () => {
  expect(withEvidence(passing('x', said), 'on db3')).toMatchObject({
    type: 'Passing',
    nonRetryable: false,
    details: [{ ...details[0], evidence: ['3 MB', 'on db3'] }],
  });
});

test('remedies that an older worker wrote as texts are read too', () => {
  const old = ApplicationFailure.nonRetryable('x', 'NeedsPerson', { evidence: [], remedies: ['retry'] });
  expect(detailsOf(old).remedies).toEqual([{ text: 'retry' }]);
});
