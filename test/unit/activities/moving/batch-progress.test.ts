import { expect, test } from 'vitest';
import { createBatchProgress, takeoverMessage } from '../../../../src/activities/moving/batch-progress.js';

const move = { from: 'a:1', to: 'b:1', tables: ['orders'], bytes: 50 };

/** What an attempt told last that made two moves of 10 bytes and was at a third. */
function cutOff(): unknown {
  const { heartbeat, begin, finish } = createBatchProgress(1, undefined);
  finish(0, 10);
  finish(1, 10);
  Object.assign(begin(2, move, false), { phase: 'Copying Data', copiedBytes: 30, message: 'slow' });
  return structuredClone(heartbeat);
}

test('a further attempt tells no less than the one before, while it finds its moves done', () => {
  const { heartbeat, finish } = createBatchProgress(2, cutOff());
  for (const index of [0, 1]) {
    expect(heartbeat).toMatchObject({
      movesDone: 2,
      bytesDone: 20,
      current: { copiedBytes: 30, attempt: 2 },
    });
    finish(index, 10);
  }
  finish(2, 50);
  expect(heartbeat).toEqual({ kind: 'moves', attempt: 2, movesDone: 3, bytesDone: 70 });
});

test('a move that went on at the server is told as taken over, with what was copied', () => {
  const { begin, finish } = createBatchProgress(2, cutOff());
  finish(0, 10);
  finish(1, 10);
  expect(begin(2, move, true)).toEqual({
    ...move,
    phase: 'Copying Data',
    copiedBytes: 30,
    attempt: 2,
    message: takeoverMessage,
  });
});

test('a move that begins again has copied nothing, and the moves after it know nothing of a further try', () => {
  const { begin, finish } = createBatchProgress(2, cutOff());
  finish(0, 10);
  finish(1, 10);
  expect(begin(2, move, false)).toEqual({ ...move, phase: 'Setting Up', attempt: 2 });
  finish(2, 50);
  expect(begin(3, move, false)).toEqual({ ...move, phase: 'Setting Up', attempt: 1 });
});

test.each([undefined, null, 7, { kind: 'governor' }])(
  'what is no heartbeat of a batch, as %j, tells nothing',
  (before) => {
    expect(createBatchProgress(1, before).heartbeat).toEqual({
      kind: 'moves',
      attempt: 1,
      movesDone: 0,
      bytesDone: 0,
    });
  },
);
