import { activityInfo, cancellationSignal } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { Check } from '../../contract/index.js';
import { bringCoordinatorBack, isCoordinatorAway } from '../runtime/coordinator-away.js';
import { isPassingError } from '../runtime/classify.js';
import { failed } from './check.js';

/** Seconds for which a server that doesn't answer may be on its way back, before an operation is refused. */
export const patienceSeconds = 60;

/** Seconds since the activity was scheduled, all its attempts together. */
export function waitedSeconds(): number {
  return (Date.now() - activityInfo().scheduledTimestampMs) / 1_000;
}

/** Throws when the worker shuts down, or on a cancel: connections drop then, and what wasn't found out is no finding. */
export function throwIfStopped(): void {
  cancellationSignal().throwIfAborted();
}

/**
 * The result of work on the coordinator, or the check that says why it can't be reached. Nothing has begun: an honest no
 * is worth more than an operation that waits to begin.
 *
 * @throws what passes, until `patience` seconds are over
 */
export async function unlessUnreachable<T>(patience: number, work: () => Promise<T>): Promise<T | Check> {
  try {
    const result = await work();
    throwIfStopped();
    return result;
  } catch (error) {
    throwIfStopped();
    if (error instanceof ApplicationFailure) throw error;
    if (isPassingError(error) && waitedSeconds() < patience) throw error;
    return unreachable(error);
  }
}

function unreachable(error: unknown): Check {
  const message = error instanceof Error ? error.message : String(error);
  const code = error instanceof Error && 'code' in error ? ` (${String(error.code)})` : '';
  return failed(
    'coordinator-reachable',
    `${message}${code}`,
    isCoordinatorAway(error)
      ? `${bringCoordinatorBack}; or correct host and port in the config`
      : 'check host, port, database, user and password of the coordinator in the config, and that it runs',
  );
}
