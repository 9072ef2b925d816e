import { expect, test } from 'vitest';
import { whyNotGivenUp } from '../../../src/activities/lock/take-over.js';
import type { Attention } from '../../../src/contract/index.js';

const stuckAt = (evidence: string): { state: 'needs-attention'; attention: Attention } => ({
  state: 'needs-attention',
  attention: { problem: 'a move fails', evidence, remedies: [] },
});
const dead = ['db3:5432'];

test('an operation that is stuck at the dead worker is given up, and no other', () => {
  for (const says of [
    'connection to the remote node postgres@db3:5432 failed',
    'DB3:5432: no answer',
    'to (db3:5432)',
  ])
    expect(whyNotGivenUp(stuckAt(says), dead)).toBeUndefined();
  for (const says of ['db3:54321 is away', 'mydb3:5432: no answer', 'a lock is held'])
    expect(whyNotGivenUp(stuckAt(says), dead)).toMatch(/is not db3:5432: a move fails/);
  expect(whyNotGivenUp({ state: 'paused' }, dead)).toMatch(/not stuck at db3:5432: it is paused/);
});

test('what is past its point of no return goes on', () => {
  const pointOfNoReturn = { why: 'db4:5432 is being removed', last: true };
  expect(whyNotGivenUp({ ...stuckAt('db3:5432'), pointOfNoReturn }, dead)).toMatch(
    /past its point of no return: db4:5432 is being removed/,
  );
});
