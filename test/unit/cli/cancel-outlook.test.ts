import { describe, expect, test } from 'vitest';
import type { OperationStatus, UndoView } from '../../../src/contract/index.js';
import { cancelOutlook } from '../../../src/cli/cancel-outlook.js';
import { awaiting, done, running } from './statuses.js';

const { progress: _moves, ...still } = running;
const mark: UndoView = { kind: 'node-mark', what: 'db4:5432 is in service again' };
const removing: OperationStatus = {
  ...still,
  type: 'removeWorker',
  steps: [{ name: 'Remove db3:5432', state: 'running' }],
  undo: [mark],
};

describe('what a cancel would do', () => {
  test.each([
    [awaiting, 'awaits approval: nothing was changed yet'],
    [{ ...still, state: 'needs-attention' }, ' needs attention. A cancel leaves'],
    [{ ...still, state: 'waiting-for-window' }, ' waits for its window. A cancel leaves'],
    [running, 'stops 1 running move, leaves what was moved where it is.'],
    [done, 'done already'],
    [
      { ...running, cancel: { requestedAt: '', refused: 'past the point of no return' } },
      'past the point of no return',
    ],
    [removing, 'A cancel leaves what was moved where it is and undoes:'],
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
      'waits until this is done: db3:5432 is being removed, leaves what was moved where it is and undoes:',
    ],
    [
      { ...removing, removed: ['db3:5432'] },
      'leaves out what was removed (db3:5432), leaves what was moved where it is and undoes:',
    ],
  ] satisfies [OperationStatus, string][])('%#', (of, says) =>
    expect(cancelOutlook(of).says).toContain(says),
  );

  test('lists what it would undo, as the operation tells it', () => {
    expect(cancelOutlook(removing).undoes).toEqual(['  · db4:5432 is in service again']);
    expect(cancelOutlook(running).undoes).toEqual([]);
    const many = cancelOutlook({ ...removing, undo: Array.from({ length: 12 }, () => mark) }).undoes;
    expect(many).toHaveLength(11);
    expect(many.at(-1)).toBe('  · and 2 more');
  });
});
