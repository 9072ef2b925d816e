import { describe, expect, test } from 'vitest';
import { parseHeartbeat } from '../../../src/client/live/heartbeats.js';
import { withLiveProgress } from '../../../src/client/live/progress.js';
import { rateMeter } from '../../../src/client/live/rate.js';
import type { Moving, OperationStatus, Progress } from '../../../src/contract/index.js';
import { running } from './statuses.js';

const route = { from: 'a:1', to: 'b:1' };
const current = { ...route, tables: ['t'], phase: 'Copying Data', copiedBytes: 30, bytes: 50, attempt: 1 };

function moving(progress: Partial<Progress>): OperationStatus {
  return {
    ...running,
    progress: {
      basis: 'bytes',
      done: 100,
      total: 1_000,
      percent: 10,
      moving: [],
      movingTotal: 0,
      ...progress,
    },
  };
}

describe('live progress', () => {
  test('what running batches have done is added, a half-copied move with its copied bytes', () => {
    const heartbeat = { kind: 'moves' as const, movesDone: 2, bytesDone: 70, current };
    const { progress } = withLiveProgress(moving({}), [{ heartbeat, attempt: 1 }]);
    expect(progress).toMatchObject({ done: 200, percent: 20, moving: [current], movingTotal: 1 });
  });

  test('a node has what came to it, also of moves that run; a source keeps its shard to the end', () => {
    const heartbeat = { kind: 'moves' as const, movesDone: 2, bytesDone: 70, current };
    const byNode = [{ node: 'b:1', bytes: 100 }];
    const { progress } = withLiveProgress(moving({ byNode }), [{ heartbeat, attempt: 1 }]);
    expect(progress?.byNode).toEqual([
      { node: 'b:1', bytes: 200 },
      { node: 'a:1', bytes: -70 },
    ]);
  });

  test('before the first move it tells of the copy of reference tables, which counts for nothing', () => {
    const { progress: _, ...copying } = running;
    const heartbeat = { kind: 'moves' as const, movesDone: 0, bytesDone: 0, current };
    expect(withLiveProgress(copying, [{ heartbeat, attempt: 1 }]).progress).toMatchObject({
      done: 0,
      total: running.plan?.bytes,
      moving: [current],
    });
  });

  test('counts moves where bytes are not known', () => {
    const heartbeat = { kind: 'moves' as const, movesDone: 2, bytesDone: 70, current };
    const { progress } = withLiveProgress(moving({ basis: 'moves', done: 3, total: 10 }), [
      { heartbeat, attempt: 1 },
    ]);
    expect(progress).toMatchObject({ done: 5, percent: 50 });
  });

  test('never more than there is', () => {
    const heartbeat = { kind: 'moves' as const, movesDone: 1, bytesDone: 5_000 };
    expect(withLiveProgress(moving({}), [{ heartbeat, attempt: 1 }]).progress).toMatchObject({
      done: 1_000,
      percent: 100,
    });
  });

  test('a move that the workflow knows only as waiting is told by its heartbeat, once', () => {
    const known = { ...route, tables: ['shards'], phase: 'waiting', attempt: 1 };
    const other = { ...known, to: 'c:1' };
    const heartbeat = { kind: 'moves' as const, movesDone: 0, bytesDone: 0, current };
    const { progress } = withLiveProgress(moving({ moving: [known, other], movingTotal: 2 }), [
      { heartbeat, attempt: 3, lastFailure: 'connection lost' },
    ]);
    expect(progress?.moving).toEqual([{ ...current, attempt: 3, message: 'connection lost' }, other]);
    expect(progress?.movingTotal).toBe(2);
  });
});

describe('a further attempt of a batch', () => {
  const beat = { kind: 'moves' as const, movesDone: 2, bytesDone: 70 };
  const movingOf = (attempt: number, move: Moving) => {
    const heartbeat = { ...beat, attempt, current: move };
    const batch = { heartbeat, attempt: 2, lastFailure: 'the worker was away' };
    return withLiveProgress(moving({}), [batch]).progress?.moving;
  };

  test('is told with why the last one failed, until it tells of itself', () => {
    expect(movingOf(1, current)).toEqual([{ ...current, attempt: 2, message: 'the worker was away' }]);
  });

  test('says of the move that it took over what it knows', () => {
    const taken = { ...current, attempt: 2, message: 'taken over' };
    expect(movingOf(2, taken)).toEqual([taken]);
  });

  test('has nothing to say of the moves after that one', () => {
    expect(movingOf(2, current)).toEqual([current]);
  });
});

describe('a heartbeat is whatever some worker wrote', () => {
  test.each([undefined, null, 7, 'text', [], {}, { kind: 'other' }])('%j is no batch of moves', (value) => {
    expect(parseHeartbeat(value)).toBeUndefined();
  });

  test('wrong fields count as nothing', () => {
    const value = {
      kind: 'moves',
      movesDone: -1,
      bytesDone: 'x',
      current: { from: 'a:1', to: 'b:1', lagBytes: NaN },
    };
    expect(parseHeartbeat(value)).toEqual({
      kind: 'moves',
      movesDone: 0,
      bytesDone: 0,
      current: { from: 'a:1', to: 'b:1', tables: [], phase: 'waiting', attempt: 1 },
    });
  });
});

describe('rate and time left', () => {
  test('come from samples, and never from one', () => {
    const measured = rateMeter();
    expect(measured(moving({ done: 100 }), 0).progress).not.toHaveProperty('bytesPerSecond');
    expect(measured(moving({ done: 300 }), 4_000).progress).toMatchObject({
      bytesPerSecond: 50,
      etaSeconds: 14,
    });
  });

  test('a batch that ends between two looks never makes it run backwards', () => {
    const measured = rateMeter();
    measured(moving({ done: 500 }), 0);
    expect(measured(moving({ done: 400 }), 1_000).progress).toMatchObject({ done: 500, percent: 50 });
  });

  test('a stall and a pause have no time left', () => {
    const measured = rateMeter();
    measured(moving({ done: 500 }), 0);
    expect(measured(moving({ done: 500 }), 10_000).progress).not.toHaveProperty('etaSeconds');
    const paused = measured({ ...moving({ done: 600 }), state: 'paused' }, 12_000);
    expect(paused.progress).not.toHaveProperty('etaSeconds');
  });
});
