import type { MoveMode, TransferMode } from '../contract/index.js';
import { expectedSeconds } from './next-batch.js';
import { expectedWriteStall } from './write-stall.js';

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

/**
 * The longest of these stalls; 0: no move blocks writes.
 *
 * @param within whether those that could go on online block writes within the bound
 */
export function longestStallSeconds(
  moves: readonly { bytes: number; mode: MoveMode; within?: boolean }[],
  within = false,
): number {
  return moves.reduce((most, { bytes, mode, within: each = within }) => {
    if (mode === 'blocking') return Math.max(most, stallSeconds(bytes));
    return each ? Math.max(most, Math.ceil(expectedWriteStall(bytes) * 100) / 100) : most;
  }, 0);
}
