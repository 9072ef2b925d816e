import type { MoveHeartbeat, Moving } from '../../contract/index.js';

/**
 * The progress of a batch of moves, as its heartbeats tell it. A further attempt looks at each move anew; until it has
 * come as far as the attempt before it, it goes on telling what that one told, so that nothing seems to be lost.
 */
export interface BatchProgress {
  readonly heartbeat: MoveHeartbeat;
  /** The move with this index begins, or is `adopted`: what is told of it from now on. */
  begin: (
    index: number,
    move: Pick<Moving, 'from' | 'to' | 'tables' | 'bytes'>,
    isAdopted: boolean,
  ) => Moving;
  /** The move with this index is where it should be, or can't be made any more. */
  finish: (index: number, bytes: number) => void;
}

/** The message of a move that runs at the server already and is adopted. */
export const takeoverMessage = 'the worker was away; taken over';

/**
 * Starts with the progress of the attempt before.
 *
 * @param before what the attempt before told last, as Temporal kept it
 */
export function createBatchProgress(attempt: number, before: unknown): BatchProgress {
  const heartbeat: MoveHeartbeat = { ...previousProgress(before), attempt };
  let bytesOver = 0;
  return {
    heartbeat,
    begin: (index, move, isAdopted) => {
      const previous = index === heartbeat.movesDone ? heartbeat.current : undefined;
      heartbeat.current = {
        phase: 'Setting Up',
        attempt: 1,
        ...(isAdopted
          ? { ...previous, message: takeoverMessage }
          : previous && { attempt: previous.attempt }),
        ...move,
      };
      return heartbeat.current;
    },
    finish: (index, bytes) => {
      bytesOver += bytes;
      if (index >= heartbeat.movesDone) delete heartbeat.current;
      heartbeat.movesDone = Math.max(heartbeat.movesDone, index + 1);
      heartbeat.bytesDone = Math.max(heartbeat.bytesDone, bytesOver);
    },
  };
}

function previousProgress(before: unknown): MoveHeartbeat {
  if (!isBeat(before)) return { kind: 'moves', movesDone: 0, bytesDone: 0 };
  const { movesDone, bytesDone, current } = before;
  if (!current) return { kind: 'moves', movesDone, bytesDone };
  const { message: _, ...move } = current;
  return { kind: 'moves', movesDone, bytesDone, current: { ...move, attempt: move.attempt + 1 } };
}

function isBeat(value: unknown): value is MoveHeartbeat {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'moves';
}
