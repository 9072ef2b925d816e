import { expectedSeconds, type Batch } from './next-batch.js';
import type { PlannedMove } from './planned-moves.js';

/** Seconds that moves of this operation are expected to take: the general figure, corrected by what was measured. */
export interface MoveSeconds {
  estimate: (move: PlannedMove) => number;
  /** A batch was made from its begin to its end in so many seconds. */
  recordBatch: (batch: Batch, seconds: number) => void;
  /** A move that was stopped would have taken so long, by its own progress. */
  recordMove: (shardId: number, seconds: number) => void;
  /** Forgets moves that were stopped: nothing holds them up any more, so they are expected to take what all take. */
  forgetMoves: () => void;
}

/** Seconds as expected that count before the first measured ones: one quick or slow batch says little. */
const trust = 5;

/** Starts with the general figure of {@link expectedSeconds}; each batch corrects it. */
export function createMoveSeconds(): MoveSeconds {
  const own = new Map<number, number>();
  let expected = trust;
  let actual = trust;
  return {
    estimate: ({ shardId, bytes }) => own.get(shardId) ?? (expectedSeconds(bytes) * actual) / expected,
    recordBatch: (batch, seconds) => {
      expected += batch.reduce((sum, { bytes }) => sum + expectedSeconds(bytes), 0);
      actual += seconds;
    },
    recordMove: (shardId, seconds) => {
      own.set(shardId, seconds);
    },
    forgetMoves: () => own.clear(),
  };
}

/** The progress of a move, as far as Citus tells it. */
export interface MoveSoFar {
  /** Since it began, or since it was first seen. */
  seconds: number;
  expectedSeconds: number;
  /** Copied since then. */
  copiedBytes?: number;
  /** Still to be copied. */
  leftBytes?: number;
}

/**
 * Seconds that a running move will still take: by its own rate, else by what was expected. One that has outlasted
 * that and tells nothing is expected to take as long again as it has taken.
 */
export function secondsToGo({ seconds, expectedSeconds: whole, copiedBytes, leftBytes }: MoveSoFar): number {
  if (copiedBytes !== undefined && leftBytes !== undefined && copiedBytes > 0) {
    return (leftBytes * seconds) / copiedBytes;
  }
  return seconds < whole ? whole - seconds : seconds;
}

/** Seconds that it takes in all, from its beginning. */
export function wholeSeconds(soFar: MoveSoFar, bytes: number): number {
  const { seconds, copiedBytes = 0 } = soFar;
  return copiedBytes > 0 ? (bytes * seconds) / copiedBytes : seconds + secondsToGo(soFar);
}
