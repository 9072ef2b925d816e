import { CancellationScope, CancelledFailure } from '@temporalio/workflow';
import type { HowLeft } from './how-left.js';
import type { Status } from './status.js';

/** A stretch of an operation that can't be undone. */
export interface NoReturn {
  why: string;
  /** Whether nothing comes after it: then a cancel is refused. */
  last: boolean;
  /** Whether it is past already, in the activity that came before: a cancel that came meanwhile is too late. */
  isPast?: true;
  howLeft: HowLeft;
}

/**
 * Carries out what can't be undone: a cancel that comes before it ends the operation here, one that comes meanwhile
 * waits until it is done. With `last`, when nothing comes after it, such a cancel is refused and the status says why.
 * The work says how far it is, for whoever gives up on it.
 */
export async function passNoReturn<T>(
  status: Status,
  { why, last, isPast, howLeft }: NoReturn,
  work: (isNow: (left: HowLeft) => void) => Promise<T>,
): Promise<T> {
  if (!isPast && CancellationScope.current().consideredCancelled)
    throw new CancelledFailure('Cancelled before the point of no return');
  status.view.pointOfNoReturn = { why, last };
  if (isPast && last && status.view.cancel) status.view.cancel.refused ??= why;
  status.howLeft = howLeft;
  status.publish();
  const result = await CancellationScope.nonCancellable(() =>
    work((now) => {
      status.howLeft = now;
    }),
  );
  delete status.view.pointOfNoReturn;
  status.howLeft = undefined;
  return result;
}
