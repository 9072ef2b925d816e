import { does, type Attention } from '../../contract/index.js';
import { count, formatBytes, formatSeconds } from '../../text/figures.js';
import { namesOf, type PlannedMove, type PlannedMoves } from '../../planning/planned-moves.js';

/** The problem to park on when no maintenance window is long enough for the moves that are left. */
export function noRoomForMoves(
  plan: PlannedMoves,
  { left, shortest, seconds }: { left: number; shortest: PlannedMove; seconds: number },
  longestWindowSeconds: number,
): Attention {
  const { tables, from, to } = namesOf(plan, shortest);
  return {
    problem: `${count(left, 'move')} can’t be expected to end in any maintenance window`,
    evidence: `the shortest, ${tables[0] ?? 'shards'}, shard ${shortest.shardId}, ${from} → ${to}, ${formatBytes(shortest.bytes)}, is expected to take ${formatSeconds(seconds)}; the longest window is ${formatSeconds(longestWindowSeconds)}`,
    remedies: [
      does('ignoreWindow', 'ignore the windows: it moves at once'),
      does('retry', 'retry, if something held it up that is gone now, such as an old transaction'),
      does('retry', 'or make a window longer in the config, then retry'),
      does('cancel', 'or cancel: what was moved stays where it is'),
    ],
  };
}

/** The problem to park on when the copy of reference tables was stopped in two windows. */
export function noRoomForCopy(): Attention {
  return {
    problem: 'the reference tables have no room in the maintenance windows',
    evidence: 'their copy was stopped twice when a window closed; it begins from its beginning each time',
    remedies: [
      does('ignoreWindow', 'ignore the windows'),
      does('retry', 'or make a window longer in the config, then retry'),
    ],
  };
}
