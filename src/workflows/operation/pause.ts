import type { Status } from './status.js';
import type { Calls } from './calls.js';

/** Waits while the operation is paused: until then nothing begins that moves data or can't be undone. */
export async function unpaused(status: Status, calls: Calls): Promise<void> {
  if (status.paused) await calls.until(() => status.paused === undefined);
}
