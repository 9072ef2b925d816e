import { CancellationScope, CancelledFailure } from '@temporalio/workflow';
import type { Board } from './board.js';

/**
 * Does what can't be undone: a cancel that comes before it ends the operation here, one that comes meanwhile waits
 * until it is done. With `last`, when nothing comes after it, such a cancel is refused and the status says why.
 */
export async function passNoReturn<T>(
  board: Board,
  { why, last }: { why: string; last: boolean },
  work: () => Promise<T>,
): Promise<T> {
  if (CancellationScope.current().consideredCancelled)
    throw new CancelledFailure('Cancelled before the point of no return');
  if (last) board.noReturn = why;
  return CancellationScope.nonCancellable(work);
}
