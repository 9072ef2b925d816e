import { UnreachableError } from '../errors.js';

/** A worker that was killed, a deploy and a restart of Temporal take less than this. */
const usualMs = 120_000;
/** Nobody has polled for long: a worker that was just started is there within this. */
const unlikelyMs = 10_000;
const pauseMs = 1_000;
const tickMs = 250;

/** Nobody answers just now, and it is waited for. */
export interface Waiting {
  /** What is away, in a sentence. */
  problem: string;
  /** For so long it is waited yet. */
  leftMs: number;
}

/** How long to wait, and whom to tell of it. */
export interface PatienceOptions {
  /** Default: two minutes; ten seconds where no worker has polled for minutes. */
  ms?: number;
  /** Told after each try that nobody answered. */
  away?: (waiting: Waiting) => void;
}

/**
 * Waits for Temporal and for workers that are away: operations outlive both, and so do those who follow them. Only time
 * without an answer counts, and only time in which this process ran: not that of a laptop that slept.
 */
export interface Patience {
  /**
   * Asks until there is an answer. What is asked must do no harm when it is asked twice.
   * @param from whose answer it is: of an operation that its worker answers, or of Temporal alone
   * @throws UnreachableError, the last one, when nobody has answered for so long; any other error at once
   */
  ask: <T>(question: () => Promise<T>, from?: 'worker' | 'temporal', signal?: AbortSignal) => Promise<T>;
  /** The same patience, with somebody else told. */
  telling: (away: PatienceOptions['away']) => Patience;
}

/** Patience for one follower, or one question. */
export function createPatience(options: PatienceOptions = {}): Patience {
  return patienceOf(options, { workerAnswered: false });
}

function patienceOf(options: PatienceOptions, memory: { workerAnswered: boolean }): Patience {
  const limitFor = ({ passes }: UnreachableError): number =>
    options.ms ?? (passes === 'unlikely' && !memory.workerAnswered ? unlikelyMs : usualMs);
  return {
    ask: async (question, from = 'worker', signal) => {
      const watch = startStopwatch();
      try {
        for (;;) {
          try {
            const answer = await unlessAborted(question, signal);
            if (from === 'worker') memory.workerAnswered = true;
            return answer;
          } catch (error) {
            if (!(error instanceof UnreachableError) || error.passes === 'never') throw error;
            const leftMs = limitFor(error) - watch.elapsedMs();
            if (leftMs <= 0) throw outOfPatience(error, watch.elapsedMs());
            options.away?.({ problem: error.message, leftMs });
            await unlessAborted(() => pause(Math.min(pauseMs, leftMs)), signal);
          }
        }
      } finally {
        watch.stop();
      }
    },
    telling: (away) => patienceOf({ ...options, ...(away && { away }) }, memory),
  };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Timers of a process that didn't run for an hour fire once afterwards, so counting them leaves that hour out. */
function startStopwatch(): { elapsedMs: () => number; stop: () => void } {
  let ticks = 0;
  const timer = setInterval(() => (ticks += 1), tickMs);
  return { elapsedMs: () => ticks * tickMs, stop: () => clearInterval(timer) };
}

/** Whoever goes away doesn't wait for the deadline of a question under way. */
async function unlessAborted<T>(question: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return question();
  signal.throwIfAborted();
  let onAbort: (() => void) | undefined;
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(signal.reason as Error);
    signal.addEventListener('abort', onAbort);
  });
  try {
    return await Promise.race([question(), aborted]);
  } finally {
    if (onAbort) signal.removeEventListener('abort', onAbort);
  }
}

function outOfPatience(error: UnreachableError, waitedMs: number): UnreachableError {
  const evidence = [...error.details.evidence, `waited for ${Math.round(waitedMs / 1_000)} s`];
  return new UnreachableError(error.what, error.message, { ...error.details, evidence }, error, error.passes);
}
