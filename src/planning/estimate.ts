import type { Plan } from '../contract/index.js';
import { expectedSeconds } from './next-batch.js';

/**
 * The time that a plan may take, in seconds, from low to high: all moves share `parallelMoves` lanes, and the largest
 * can't be split.
 */
export function estimateSeconds(
  moves: readonly { bytes: number }[],
  parallelMoves: number,
): NonNullable<Plan['estimateSeconds']> {
  const each = moves.map(({ bytes }) => expectedSeconds(bytes));
  const sum = each.reduce((total, seconds) => total + seconds, 0);
  const largest = Math.max(0, ...each);
  const low = Math.max(largest, sum / Math.min(parallelMoves, 4)) / 3;
  return {
    low: Math.round(low),
    high: Math.round(Math.max(largest, sum) * 3),
    basis: `1.5 s a shard group and 15 MB/s a lane, ${parallelMoves} at once; the load on the cluster decides`,
  };
}
