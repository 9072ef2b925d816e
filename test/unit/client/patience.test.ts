import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { UnreachableError } from '../../../src/client/errors.js';
import { createPatience, type Waiting } from '../../../src/client/temporal/patience.js';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => vi.useRealTimers());

const away = new UnreachableError('worker', 'No worker answers.', { evidence: ['no answer within 6 s'] });
const gone = new UnreachableError('worker', 'No worker polls.', {}, undefined, 'unlikely');

/** A question that takes six seconds to find out that nobody answers, until so many seconds are over. */
function silentFor(seconds: number, error: Error = away): () => Promise<string> {
  const until = Date.now() + seconds * 1_000;
  return async () => {
    if (Date.now() >= until) return 'an answer';
    await new Promise((resolve) => setTimeout(resolve, 6_000));
    throw error;
  };
}

/** Lets time pass while something is waited for. */
async function whileTimePasses<T>(work: Promise<T>): Promise<T> {
  const progress = { isOver: false };
  const end = (): void => void (progress.isOver = true);
  work.then(end, end);
  while (!progress.isOver) await vi.advanceTimersByTimeAsync(250);
  return work;
}

test('a worker that is back within a minute is waited for, and each try is told', async () => {
  const told: Waiting[] = [];
  const patience = createPatience({ away: (waiting) => told.push(waiting) });
  expect(await whileTimePasses(patience.ask(silentFor(60)))).toBe('an answer');
  expect(told[0]).toEqual({ problem: 'No worker answers.', leftMs: 114_000 });
  expect(told.length).toBeGreaterThan(5);
});

test('patience ends after two minutes, or as long as was said, with what was seen', async () => {
  for (const [options, seconds] of [
    [{}, 120],
    [{ ms: 30_000 }, 30],
    [{ ms: 0 }, 6],
  ] as const) {
    const begun = Date.now();
    await expect(whileTimePasses(createPatience(options).ask(silentFor(1_000)))).rejects.toMatchObject({
      type: 'Unreachable',
      details: { evidence: ['no answer within 6 s', expect.stringMatching(/^waited for \d+ s$/)] },
    });
    const waited = (Date.now() - begun) / 1_000;
    expect(waited).toBeGreaterThanOrEqual(seconds);
    expect(waited).toBeLessThan(seconds + 8);
  }
});

test('a queue that nobody has polled for minutes is not waited for, unless a worker has answered before', async () => {
  const begun = Date.now();
  await expect(whileTimePasses(createPatience().ask(silentFor(60, gone)))).rejects.toThrow(
    'No worker polls.',
  );
  expect(Date.now() - begun).toBeLessThan(20_000);

  const known = createPatience();
  await known.ask(() => Promise.resolve('a temporal that answers is no worker'), 'temporal');
  await expect(whileTimePasses(known.ask(silentFor(60, gone)))).rejects.toThrow('No worker polls.');
  await known.ask(() => Promise.resolve('a worker answers'));
  expect(await whileTimePasses(known.ask(silentFor(60, gone)))).toBe('an answer');
});

test('time in which the process did not run is not waited', async () => {
  const patience = createPatience();
  const asked = patience.ask(silentFor(3_700));
  await vi.advanceTimersByTimeAsync(1_000);
  // A laptop that sleeps: the clock goes on, timers don't.
  vi.setSystemTime(Date.now() + 3_600_000);
  expect(await whileTimePasses(asked)).toBe('an answer');
});

test('an answer that waiting does not change is given at once, and whoever goes away does not wait', async () => {
  const refused = new UnreachableError('temporal', 'Access was refused.', {}, undefined, 'never');
  const cluster = new UnreachableError('cluster', 'The cluster is away.');
  for (const error of [refused, cluster, new Error('a mistake')]) {
    await expect(createPatience().ask(() => Promise.reject(error))).rejects.toBe(error);
  }
  const leave = new AbortController();
  const asked = createPatience().ask(() => new Promise<never>(() => undefined), 'worker', leave.signal);
  leave.abort();
  await expect(asked).rejects.toThrow('aborted');
});
