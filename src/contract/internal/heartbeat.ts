import type { Moving } from '../status/progress.js';

/**
 * Heartbeat details of the activities that move a batch of shard groups, and that copy reference tables. Live progress travels here and not in
 * events, so that history does not grow with time; the client adds it to the answer of the `status` query.
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
