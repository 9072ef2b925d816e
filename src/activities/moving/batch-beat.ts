import type { MoveHeartbeat, Moving } from '../../contract/index.js';

/**
 * What the heartbeats of a batch of moves tell. A further attempt looks at each move anew; until it has come as far as
 * the attempt before it, it goes on telling what that one told, so that nothing seems to be lost.
 */
export interface BatchBeat {
  readonly told: MoveHeartbeat;
  /** The move with this index begins, or is `adopted`: what is told of it from now on. */
  begins: (index: number, move: Pick<Moving, 'from' | 'to' | 'tables' | 'bytes'>, adopted: boolean) => Moving;
  /** The move with this index is where it should be, or can't be made any more. */
  isOver: (index: number, bytes: number) => void;
}

export const takenOver = 'the worker was away; taken over';

/** @param before what the attempt before told last, as Temporal kept it */
export function batchBeat(attempt: number, before: unknown): BatchBeat {
  const told: MoveHeartbeat = { ...lastTold(before), attempt };
  let bytesOver = 0;
  return {
    told,
    begins: (index, move, adopted) => {
      const known = index === told.movesDone ? told.current : undefined;
      told.current = {
        phase: 'Setting Up',
        attempt: 1,
        ...(adopted ? { ...known, message: takenOver } : known && { attempt: known.attempt }),
        ...move,
      };
      return told.current;
    },
    isOver: (index, bytes) => {
      bytesOver += bytes;
      if (index >= told.movesDone) delete told.current;
      told.movesDone = Math.max(told.movesDone, index + 1);
      told.bytesDone = Math.max(told.bytesDone, bytesOver);
    },
  };
}

function lastTold(before: unknown): MoveHeartbeat {
  if (!isBeat(before)) return { kind: 'moves', movesDone: 0, bytesDone: 0 };
  const { movesDone, bytesDone, current } = before;
  if (!current) return { kind: 'moves', movesDone, bytesDone };
  const { message: _, ...move } = current;
  return { kind: 'moves', movesDone, bytesDone, current: { ...move, attempt: move.attempt + 1 } };
}

function isBeat(value: unknown): value is MoveHeartbeat {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'moves';
}
