import { describe, expect, test } from 'vitest';
import type { OperationStatus } from '../../../src/contract/index.js';
import { cancelOutlook } from '../../../src/cli/cancel-outlook.js';
import { awaiting, done, running } from './statuses.js';

const { progress: _moves, ...still } = running;
const removing: OperationStatus = {
  ...still,
  type: 'removeWorker',
  steps: [{ name: 'Remove db3:5432', state: 'running' }],
  undo: [{ kind: 'node-mark', what: 'shouldhaveshards of db3:5432: false → true' }],
};

describe('what a cancel would do', () => {
  test.each([
    [awaiting, 'awaits approval: nothing was changed yet'],
    [{ ...still, state: 'needs-attention' }, ' needs attention. A cancel leaves'],
    [{ ...still, state: 'waiting-for-window' }, ' waits for its window. A cancel leaves'],
    [
      { ...running, undo: [{ kind: 'setting', what: 'x on a:1: 1 → not set' }] },
      'stops 1 running move, leaves what was moved where it is, gives back the temporary settings',
    ],
    [done, 'done already'],
    [
      { ...running, cancel: { requestedAt: '', refused: 'past the point of no return' } },
      'past the point of no return',
    ],
    [removing, 'A cancel leaves what was moved where it is, marks the nodes as they were'],
    [
      {
        ...removing,
        pointOfNoReturn: { why: 'db3:5432 is being removed, which can’t be undone', last: true },
      },
      'would be refused: db3:5432 is being removed, which can’t be undone.',
    ],
    [
      {
        ...removing,
        state: 'needs-attention',
        pointOfNoReturn: { why: 'db3:5432 is being removed', last: true },
      },
      'would be refused: db3:5432 is being removed; give-up ends it as it is.',
    ],
    [
      { ...removing, pointOfNoReturn: { why: 'db3:5432 is being removed', last: false } },
      'waits until this is done: db3:5432 is being removed, leaves what was moved where it is, marks the other nodes as they were',
    ],
    [
      {
        ...removing,
        steps: [
          { name: 'Remove db3:5432', state: 'done' },
          { name: 'Remove db4:5432', state: 'running' },
        ],
      },
      'leaves out what was removed (db3:5432), leaves what was moved where it is, marks the other nodes',
    ],
  ] satisfies [OperationStatus, string][])('%#', (of, says) => expect(cancelOutlook(of)).toContain(says));
});
