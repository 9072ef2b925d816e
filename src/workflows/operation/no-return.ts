import { CancellationScope, CancelledFailure } from '@temporalio/workflow';
import type { HowLeft } from './how-left.js';
import type { Status } from './status.js';

export interface NoReturn {
  why: string;
  /** Whether nothing comes after it: then a cancel is refused. */
  last: boolean;
  left: HowLeft;
}

/**
 * Does what can't be undone: a cancel that comes before it ends the operation here, one that comes meanwhile waits
 * until it is done. With `last`, when nothing comes after it, such a cancel is refused and the status says why. The
 * work says how far it is, for whoever gives up on it.
 */
export async function passNoReturn<T>(
  status: Status,
  { why, last, left }: NoReturn,
  work: (isNow: (left: HowLeft) => void) => Promise<T>,
): Promise<T> {
  if (CancellationScope.current().consideredCancelled)
    throw new CancelledFailure('Cancelled before the point of no return');
  status.shown.pointOfNoReturn = { why, last };
  status.left = left;
  status.publish();
  const done = await CancellationScope.nonCancellable(() =>
    work((now) => {
      status.left = now;
    }),
  );
  delete status.shown.pointOfNoReturn;
  status.left = undefined;
  return done;
}
