import { expect, test } from 'vitest';
import { batchBeat, takenOver } from '../../../../src/activities/moving/batch-beat.js';

const move = { from: 'a:1', to: 'b:1', tables: ['orders'], bytes: 50 };

/** What an attempt told last that made two moves of 10 bytes and was at a third. */
function cutOff(): unknown {
  const { told, begins, isOver } = batchBeat(1, undefined);
  isOver(0, 10);
  isOver(1, 10);
  Object.assign(begins(2, move, false), { phase: 'Copying Data', copiedBytes: 30, message: 'slow' });
  return structuredClone(told);
}

test('a further attempt tells no less than the one before, while it finds its moves done', () => {
  const { told, isOver } = batchBeat(2, cutOff());
  for (const index of [0, 1]) {
    expect(told).toMatchObject({ movesDone: 2, bytesDone: 20, current: { copiedBytes: 30, attempt: 2 } });
    isOver(index, 10);
  }
  isOver(2, 50);
  expect(told).toEqual({ kind: 'moves', attempt: 2, movesDone: 3, bytesDone: 70 });
});

test('a move that went on at the server is told as taken over, with what was copied', () => {
  const { begins, isOver } = batchBeat(2, cutOff());
  isOver(0, 10);
  isOver(1, 10);
  expect(begins(2, move, true)).toEqual({
    ...move,
    phase: 'Copying Data',
    copiedBytes: 30,
    attempt: 2,
    message: takenOver,
  });
});

test('a move that begins again has copied nothing, and the moves after it know nothing of a further try', () => {
  const { begins, isOver } = batchBeat(2, cutOff());
  isOver(0, 10);
  isOver(1, 10);
  expect(begins(2, move, false)).toEqual({ ...move, phase: 'Setting Up', attempt: 2 });
  isOver(2, 50);
  expect(begins(3, move, false)).toEqual({ ...move, phase: 'Setting Up', attempt: 1 });
});

test.each([undefined, null, 7, { kind: 'governor' }])(
  'what is no heartbeat of a batch, as %j, tells nothing',
  (before) => {
    expect(batchBeat(1, before).told).toEqual({ kind: 'moves', attempt: 1, movesDone: 0, bytesDone: 0 });
  },
);
