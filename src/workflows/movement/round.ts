import type { Progress } from '../../contract/index.js';
import type { Batch } from '../../planning/next-batch.js';
import { movesOf, namesOf, type PlannedMove, type PlannedMoves } from '../../planning/planned-moves.js';
import { count, formatBytes } from '../../text/figures.js';
import type { Flow } from './flow.js';

/** The books of one round: which of its moves are still to be made, and what the others come to. */
export interface Round {
  plan: PlannedMoves;
  /** Moves that no running batch has. */
  pending: ReadonlySet<PlannedMove>;
  /** All moves of the round. */
  total: number;
  /** Takes the moves of a batch, which begins. */
  take: (batch: Batch) => void;
  /** Puts back what a batch didn't come to, by shard; the rest of it is made. Without shards all of it is put back. */
  settle: (batch: Batch, left?: ReadonlySet<number>) => void;
  /** What is still to be made, in words. */
  remaining: () => string;
  figures: () => Pick<Progress, 'basis' | 'done' | 'total' | 'percent'>;
}

/** A round that begins; what it moves is added to the flow of the operation. */
export function createRound(plan: PlannedMoves, flow: Flow): Round {
  const moves = movesOf(plan);
  const pending = new Set(moves);
  const totals = { moves: moves.length, bytes: moves.reduce((sum, { bytes }) => sum + bytes, 0) };
  const done = { moves: 0, bytes: 0 };
  return {
    plan,
    pending,
    total: moves.length,
    take: (batch) => batch.forEach((move) => pending.delete(move)),
    settle: (batch, left) => {
      for (const move of batch) {
        if (!left || left.has(move.shardId)) pending.add(move);
        else {
          done.moves += 1;
          done.bytes += move.bytes;
          flow.add({ ...namesOf(plan, move), bytes: move.bytes });
        }
      }
    },
    remaining: () => {
      const bytes = [...pending].reduce((sum, move) => sum + move.bytes, 0);
      return `${count(pending.size, 'move')} (${formatBytes(bytes)})`;
    },
    figures: () => {
      const basis = totals.bytes > 0 ? 'bytes' : 'moves';
      const percent = Math.min(100, Math.floor((100 * done[basis]) / Math.max(1, totals[basis])));
      return { basis, done: done[basis], total: totals[basis], percent };
    },
  };
}
