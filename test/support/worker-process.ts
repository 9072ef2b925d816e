import type { WorkerOptions } from '../../src/worker.js';
import { programOf } from './build.js';

/** How long a worker waits before it tells of trouble, or hands over what it can't undo; and how large operations may get. */
export type Patience = Pick<WorkerOptions, 'stallTimes' | 'undoPatienceMs' | 'limits'>;

/** Tells after seconds what usually takes a minute. */
export const impatient: Patience = { stallTimes: { quietMs: 3_000, patienceMs: 6_000 } };

/** Arguments of Node that run a worker with this patience: compiled if the run of the tests has done that, else from sources. */
export function workerCommand(patience: Patience = {}): string[] {
  return [...programOf('test/support/worker.ts'), JSON.stringify(patience)];
}
