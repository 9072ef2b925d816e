import { describe, expect, test, vi } from 'vitest';
import type { ClusterConfig } from '../../../../src/config/index.js';
import { copyLagsBehind } from '../../../../src/activities/moving/stalls/apply.js';
import { explainFailure } from '../../../../src/activities/moving/stalls/failures.js';
import { isFurther, standingOf } from '../../../../src/activities/moving/stalls/standing.js';
import type { Stall } from '../../../../src/activities/moving/stalls/stall.js';
import { watchForStalls } from '../../../../src/activities/moving/stalls/watch.js';
import type { MoveProgress } from '../../../../src/citus/moving/moves.js';
import type { Db } from '../../../../src/citus/session/connect.js';
import type { Attention } from '../../../../src/contract/index.js';

const copying = { phase: 'Copying Data', copiedBytes: 100, bytes: 500, lagBytes: null };
const catchingUp = { phase: 'Catching Up', copiedBytes: 500, bytes: 500, lagBytes: 1_000 };

describe('a move gets somewhere', () => {
  test.each([
    ['with more bytes at the target', copying, { ...copying, copiedBytes: 101 }, true],
    ['with the same bytes', copying, copying, false],
    ['with the next phase', copying, { ...catchingUp, lagBytes: 9_000 }, true],
    ['with a smaller lag', catchingUp, { ...catchingUp, lagBytes: 999 }, true],
    [
      'with more bytes, but a lag that grows',
      catchingUp,
      { ...catchingUp, copiedBytes: 600, lagBytes: 1_001 },
      false,
    ],
    ['when its lag is known at last', { ...catchingUp, lagBytes: null }, catchingUp, true],
    ['when Citus tells nothing', copying, undefined, false],
  ])('%s: %#', (_, best, now, further) =>
    expect(isFurther(standingOf(now, 2), standingOf(best, 1))).toBe(further),
  );
});

test('a copy that falls behind is told with bytes and rate', async () => {
  const scene = { what: 'move', operationId: 'o', source: 'a:1', target: 'b:1' };
  const lag = { best: { bytes: 1_000_000, at: 0 }, now: { bytes: 5_000_000, at: 20_000 } };
  const stall = await copyLagsBehind({} as Db, { ...scene, lag });
  expect(stall?.problem).toBe('the copy is 5.0 MB behind and gets no closer');
  expect(stall?.evidence[0]).toBe('1.0 MB behind 20 s ago, 5.0 MB now: it grows by 200 kB/s');
  expect(await copyLagsBehind({} as Db, scene)).toBeUndefined();
});

describe('a statement that was cancelled (57014)', () => {
  const nowhere = { name: 'demo', hosts: [] as string[] } as ClusterConfig;
  const failureOf = async (message: string): Promise<Error> => {
    const error = Object.assign(new Error(message), { code: '57014' });
    const scene = { what: 'move of shard 7 from a:1 to b:1', operationId: 'o', source: 'a:1', target: 'b:1' };
    return explainFailure(nowhere, scene, error, new AbortController().signal);
  };

  test('by someone’s wish waits for a person, even when nobody can be asked more', async () => {
    expect(await failureOf('canceling statement due to user request')).toMatchObject({
      type: 'NeedsPerson',
      message: 'the move of shard 7 from a:1 to b:1 was cancelled by someone else',
    });
  });

  test('by a time-out passes', async () => {
    expect(await failureOf('canceling statement due to statement timeout')).toMatchObject({
      type: 'Passing',
    });
  });
});

describe('what holds a statement up', () => {
  const scene = { what: 'move', operationId: 'o' };
  const waits = (pid: number): Stall => ({
    cause: `transaction ${pid}`,
    problem: `waits for process ${pid}`,
    evidence: [],
    remedies: [],
    outlook: 'heals',
  });

  /** Looks at a statement, one after another, with what is found at each; answers what is told of each, and all attentions. */
  async function told(
    looks: { progress: MoveProgress | undefined; found: Stall | undefined }[],
  ): Promise<{ messages: (string | undefined)[]; attentions: (string | null)[] }> {
    const attentions: (string | null)[] = [];
    const messages: (string | undefined)[] = [];
    let message: string | undefined;
    let found: Stall | undefined;
    const channel = {
      attention: ({ problem }: Attention) => attentions.push(problem),
      clear: () => attentions.push(null),
      times: 0,
    };
    const report = {
      message: (text: string | undefined) => {
        message = text;
      },
      channel,
      times: { quietMs: 1_000, patienceMs: 1_000 },
    };
    const watch = watchForStalls({} as unknown as ClusterConfig, scene, report, () => Promise.resolve(found));
    vi.useFakeTimers();
    try {
      watch.update(1, copying);
      for (const look of looks) {
        found = look.found;
        vi.advanceTimersByTime(2_000);
        watch.update(1, look.progress);
        await Promise.resolve();
        await Promise.resolve();
        watch.update(1, look.progress);
        messages.push(message);
      }
    } finally {
      vi.useRealTimers();
      watch.end();
    }
    return { messages, attentions };
  }

  test('stands through a new phase, as long as it is found again', async () => {
    const { messages, attentions } = await told([
      { progress: copying, found: waits(7) },
      { progress: catchingUp, found: waits(7) },
      { progress: { ...catchingUp, lagBytes: 900 }, found: waits(7) },
    ]);
    expect(messages).toEqual(Array(3).fill('waits for process 7'));
    expect(attentions).toEqual(['waits for process 7']);
  });

  test('is gone with progress after which it isn’t found', async () => {
    const { messages, attentions } = await told([
      { progress: copying, found: waits(7) },
      { progress: catchingUp, found: undefined },
    ]);
    expect(messages).toEqual(['waits for process 7', undefined]);
    expect(attentions).toEqual(['waits for process 7', null]);
  });

  test('isn’t doubted for one look that finds nothing or something else', async () => {
    const { messages, attentions } = await told([
      { progress: copying, found: waits(7) },
      { progress: copying, found: undefined },
      { progress: copying, found: waits(7) },
      { progress: undefined, found: waits(8) },
      { progress: copying, found: waits(7) },
      { progress: copying, found: waits(8) },
      { progress: copying, found: waits(8) },
    ]);
    expect(messages).toEqual([...Array<string>(6).fill('waits for process 7'), 'waits for process 8']);
    expect(attentions).toEqual(['waits for process 7', 'waits for process 8']);
  });
});
