import type { Moving, Progress } from '../status/progress.js';

/**
 * Heartbeat details of the activities that move a batch of shard groups, and that copy reference tables. Live progress travels here and, but for
 * {@link BatchNews}, not in events, so that history does not grow with time; the client adds it to the answer of the `status` query.
 */
export interface MoveHeartbeat {
  kind: 'moves';
  /** Attempt of the batch that sends this, from 1; `current.attempt` is the move's own. */
  attempt?: number;
  /** Moves of this batch that are done, and their bytes. */
  movesDone: number;
  bytesDone: number;
  current?: Moving;
}

/** How far a batch is, in bytes or in moves: a move that is half copied counts with its copied bytes. */
export function doneBy({ movesDone, bytesDone, current }: MoveHeartbeat, basis: Progress['basis']): number {
  if (basis === 'moves') return movesDone;
  const { copiedBytes = 0, bytes = copiedBytes } = current ?? {};
  return bytesDone + Math.min(copiedBytes, bytes);
}

/** A batch's word to its workflow, by the signal `progress`, for the page in the Temporal UI: nobody else shows heartbeats there. */
export interface BatchNews {
  /** The first shard of the batch: its name. */
  batch: number;
  /** What it has done so far, in what its round counts. */
  done: number;
}
