import type { Context } from '@temporalio/activity';
import type { ActivityExecuteInput, ActivityInboundCallsInterceptor, Next } from '@temporalio/worker';
import { ApplicationFailure } from '@temporalio/common';
import type { Client } from '@temporalio/client';
import { inspectType, remediesOf, type Attention } from '../../contract/index.js';
import { detailsOf, passingType, repetitionOf } from '../../failures.js';
import { classify, type WorksFor } from './classify.js';
import { countFailure, countsIn, type Counts } from './repeats.js';

/** An activity that has been failing for so long is shown as needing attention, while the retries go on. */
const usualPatienceMs = 60_000;
/** Longest time between two attempts: `maximumInterval` in workflows/activities.ts. */
const longestIntervalMs = 20_000;
const beatEveryMs = 2_000;

/** When and how it is told that an activity keeps failing. */
interface TroubleOptions {
  /** Milliseconds of failing after which it is told. */
  patienceMs?: number;
  /** What an activity does, in words: `Moving shards`. */
  wordsFor?: (activity: string) => string;
}

/**
 * The behaviour that all activities share: a heartbeat every two seconds (so that a dead worker is noticed and a
 * cancel arrives), errors turned into what Temporal and a person can use, and a word to the workflow when retries have
 * gone on for long. `trouble` is sent once when a minute is over, and again at attempts 16, 32, 64 …, so that history
 * grows with the logarithm of the time.
 */
export function sharedActivityBehaviour(
  client: Client,
  { patienceMs = usualPatienceMs, wordsFor = (activity) => activity }: TroubleOptions = {},
): (context: Context) => { inbound: ActivityInboundCallsInterceptor } {
  return (context) => ({
    inbound: {
      async execute(input: ActivityExecuteInput, next: Next<ActivityInboundCallsInterceptor, 'execute'>) {
        failures.set(context, countsIn(context.info.heartbeatDetails));
        const beat = setInterval(() => beatNow(context), beatEveryMs);
        try {
          return await next(input);
        } catch (error) {
          if (context.cancellationSignal.aborted && isAbort(error)) throw reasonOf(context, error);
          const { failure, counts } = countFailure(
            classify(error, worksFor(context)),
            failures.get(context) ?? {},
          );
          failures.set(context, counts);
          // The last heartbeat is sent before the failure is, so the next attempt knows.
          if (repetitionOf(failure)) beatNow(context);
          if (failure instanceof ApplicationFailure && failure.type === passingType)
            await tellIfLong(client, context, failure, { patienceMs, wordsFor });
          throw failure;
        } finally {
          clearInterval(beat);
        }
      },
    },
  });
}

function worksFor({ info }: Context): WorksFor {
  return info.workflowType === inspectType ? 'look' : 'operation';
}

/** The heartbeat details of running activities that have progress to tell. */
const progress = new WeakMap<Context, () => unknown>();
/** What their attempts have failed with so far. */
const failures = new WeakMap<Context, Counts>();

/** Makes the running activity's heartbeat tell these details from now on. */
export function beatWith(context: Context, details: () => unknown): void {
  progress.set(context, details);
  beatNow(context);
}

function beatNow(context: Context): void {
  const details = progress.get(context)?.();
  const counts = failures.get(context) ?? {};
  if (Object.keys(counts).length === 0) context.heartbeat(details);
  else context.heartbeat({ ...(typeof details === 'object' && details), failures: counts });
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && (error.name === 'AbortError' || error.name === 'CancelledFailure');
}

/** Temporal counts an attempt as cancelled only when its own reason comes back. */
function reasonOf(context: Context, error: unknown): Error {
  const reason: unknown = context.cancellationSignal.reason;
  return reason instanceof Error ? reason : classify(error);
}

async function tellIfLong(
  client: Client,
  { info }: Context,
  failure: ApplicationFailure,
  { patienceMs, wordsFor }: Required<TroubleOptions>,
): Promise<void> {
  const attempt = info.attempt;
  const since = info.scheduledTimestampMs;
  const isOver = Date.now() - since >= patienceMs;
  // Attempts are short and lie up to an interval apart: the first one after the minute was scheduled in here.
  const isFirst = info.currentAttemptScheduledTimestampMs - since < patienceMs + longestIntervalMs;
  const powerOfTwo = attempt >= 16 && (attempt & (attempt - 1)) === 0;
  if (!isOver || (!isFirst && !powerOfTwo) || info.workflowExecution === undefined) return;
  const { evidence, remedies } = detailsOf(failure);
  const repetition = repetitionOf(failure);
  const outlook =
    repetition === undefined
      ? 'nothing to do if it passes by itself'
      : `it is tried again by itself, but after the same cause ${repetition.most} times it waits for you`;
  const attention: Attention = {
    problem: `${wordsFor(info.activityType)} keeps failing: ${failure.message}`,
    evidence: [
      ...evidence,
      `${info.activityType}, attempt ${attempt}, since ${new Date(since).toISOString()}; retries go on`,
    ].join('\n'),
    remedies: remediesOf(outlook, ...remedies),
  };
  await tell(client, info.workflowExecution.workflowId, info.activityId, attention);
}

/** The words of each activity that are on their way. */
const onTheirWay = new Map<string, Promise<void>>();

/**
 * Tells the running activity's workflow of trouble, or (null) that it is over, after what was told before. Best effort:
 * the retries go on anyway.
 */
export async function tell(
  client: Client,
  workflowId: string,
  activityId: string,
  attention: Attention | null,
): Promise<void> {
  const key = `${workflowId} ${activityId}`;
  const word = (onTheirWay.get(key) ?? Promise.resolve()).then(() =>
    client.workflow
      .getHandle(workflowId)
      .signal('trouble', activityId, attention)
      // Closed meanwhile, or Temporal is away: the next attempt tells.
      .catch(() => undefined),
  );
  onTheirWay.set(key, word);
  await word;
  if (onTheirWay.get(key) === word) onTheirWay.delete(key);
}
