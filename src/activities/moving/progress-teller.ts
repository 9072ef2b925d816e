import { doneBy, type MoveHeartbeat } from '../../contract/internal/heartbeat.js';
import type { Progress } from '../../contract/index.js';

/** Milliseconds between two words at least: nobody reads a page more often. */
const restMs = 10_000;

/**
 * Tells how far a batch is, at each further hundredth of its round: the words of all batches of a round are a hundred at
 * most, however long it takes, for each is an event of the history.
 *
 * @returns called with each heartbeat
 */
export function progressTeller(
  { basis, total }: Pick<Progress, 'basis' | 'total'>,
  tell: (done: number) => void,
  now: () => number = Date.now,
): (heartbeat: MoveHeartbeat) => void {
  let told = 0;
  let lastAt = now();
  return (heartbeat) => {
    const done = doneBy(heartbeat, basis);
    const percent = total > 0 ? Math.floor((100 * done) / total) : 0;
    if (percent <= told || now() - lastAt < restMs) return;
    told = percent;
    lastAt = now();
    tell(done);
  };
}
