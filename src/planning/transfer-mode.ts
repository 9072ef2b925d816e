import type { MoveMode, TransferMode } from '../contract/index.js';
import { expectedSeconds } from './next-batch.js';

/**
 * The mode in which a shard group is to move; undefined: none works.
 *
 * @param only the modes that its tables and shards leave, one for each of their conditions
 */
export function modeFor(
  transferMode: TransferMode,
  only: readonly (MoveMode | 'none')[],
): MoveMode | undefined {
  return wished[transferMode].find((mode) => only.every((each) => each === mode));
}

/** What a request allows, best first. */
const wished: Record<TransferMode, readonly MoveMode[]> = {
  auto: ['logical', 'blocking'],
  force_logical: ['logical'],
  block_writes: ['blocking'],
};

/** Seconds that writes to a shard group of this size wait at most, when it moves with them blocked: an estimate. */
export function stallSeconds(bytes: number): number {
  return Math.ceil(expectedSeconds(bytes));
}

/** The longest of these stalls; 0: no move blocks writes. */
export function longestStallSeconds(moves: readonly { bytes: number; mode: MoveMode }[]): number {
  return moves.reduce(
    (most, { bytes, mode }) => (mode === 'blocking' ? Math.max(most, stallSeconds(bytes)) : most),
    0,
  );
}
