import type { Board } from './status.js';
import type { Calls } from './calls.js';

/** Waits while the operation is paused: until then nothing begins that moves data or can't be undone. */
export async function unpaused(board: Board, caller: Calls): Promise<void> {
  if (board.paused) await caller.until(() => board.paused === undefined);
}
