import { patched } from '@temporalio/workflow';
import type { Board } from './board.js';
import type { Caller } from './persist.js';

/** Waits while the operation is paused: until then nothing begins that moves data or can't be undone. */
export async function unpaused(board: Board, caller: Caller): Promise<void> {
  if (board.paused && patched('pause-holds-all')) await caller.until(() => board.paused === undefined);
}
