import { count, formatSeconds } from '../../text/figures.js';
import type { OperationRequest } from '../../contract/internal/request.js';
import type { Batch } from '../../planning/next-batch.js';
import type { PlannedMove, PlannedMoves } from '../../planning/planned-moves.js';
import { createWriteStalls } from '../../planning/write-stall.js';
import type { BatchResult } from '../../activities/moving/move-group.js';
import type { Status } from '../operation/status.js';

/** Which moves may block writes though they could go on, because they are expected to be over within the bound. */
export interface WithinStall {
  /** Whether this one may, by its size, by what the moves before it took, and by how its own tries ended. */
  has: (request: OperationRequest, round: PlannedMoves, move: PlannedMove) => boolean;
  /** Tries that were cut. */
  tries: (move: PlannedMove) => number;
  /** Learns from what came of a batch of them. */
  learn: (round: PlannedMoves, batch: Batch, result: BatchResult) => void;
  /** Notes which moves were cut. */
  sayCut: (round: PlannedMoves) => void;
}

/** A move is tried so often with writes blocked, while transactions are in its way. */
const mostTries = 3;

/** Nothing is learned yet. */
export function createWithinStall(status: Pick<Status, 'notes'>): WithinStall {
  const stalls = createWriteStalls();
  const tries = new Map<number, number>();
  let cuts = { lock: 0, size: 0 };
  const triesOf = ({ shardId }: PlannedMove): number => tries.get(shardId) ?? 0;
  return {
    tries: triesOf,
    has: ({ transferMode }, { maxWriteStall = 0 }, move) =>
      maxWriteStall > 0 &&
      transferMode === 'auto' &&
      move.mode === 'logical' &&
      triesOf(move) < mostTries &&
      stalls.estimate(move.bytes) <= maxWriteStall,
    learn: ({ maxWriteStall = 0 }, batch, { blocking, cut = [] }) => {
      if (blocking) stalls.record(blocking);
      for (const { shardId, by } of cut) {
        cuts[by] += 1;
        tries.set(shardId, by === 'size' ? mostTries : (tries.get(shardId) ?? 0) + 1);
        const bytes = batch.find((move) => move.shardId === shardId)?.bytes ?? 0;
        if (by === 'size') stalls.record({ moves: 1, bytes, seconds: 1.5 * maxWriteStall });
      }
    },
    sayCut: ({ maxWriteStall = 0 }) => {
      const { lock, size } = cuts;
      if (lock + size === 0) return;
      status.notes.push(
        `${count(lock + size, 'move')} ended without effect after ${formatSeconds(maxWriteStall)}, the bound on the write stall: ${[
          ...(lock > 0 ? [`${lock} waited for an open transaction and began anew`] : []),
          ...(size > 0 ? [`${size} would have blocked writes for longer and moved online instead`] : []),
        ].join('; ')}`,
      );
      cuts = { lock: 0, size: 0 };
    },
  };
}
