import type { PlannedMove } from './planned-moves.js';

/** Moves that one activity makes one after another, all between the same two nodes and in the same mode. */
export type Batch = [PlannedMove, ...PlannedMove[]];

/** The moves of a round and what limits them, for {@link nextBatch}. */
export interface QueueState {
  pending: readonly PlannedMove[];
  running: readonly Batch[];
  parallelMoves: number;
  /** All moves of the round: no more than 1,000 batches are made of them. */
  total: number;
  /** Whether the moves of a batch are made in one statement. */
  together?: boolean;
  /** Moves that block writes within the bound: never two batches of them at once, since a statement may wait for both. */
  withinStall?: {
    has: (move: PlannedMove) => boolean;
    running: boolean;
    tries: (move: PlannedMove) => number;
  };
  /** Moves have to be over by then, by what each is expected to take; absent: there is no end. */
  within?: { seconds: number; estimate: (move: PlannedMove) => number };
}

/** Seconds that a batch of small moves is meant to last. */
const batchSeconds = 60;
/** A batch isn't made smaller than this for an even end: it would cost more events than it saves seconds. */
const worthwhileSeconds = 5;
/** Moves that one statement makes: while it runs it keeps the locks of all of them. */
const mostTogether = 20;
/** Moves within the bound on the write stall that a batch has: half a minute's worth. */
const mostWithinStall = 100;
/** Aimed at below the 1,000 that a round may have at most: each lane can end with a small one more. */
const batchGoal = 800;

/**
 * Seconds that a move is expected to take. Measured online with `wal_retrieve_retry_interval` lowered: about
 * 1.2 s for an empty shard group, 391 MB in 7.3 s with four at once (docs/citus.md).
 */
export function expectedSeconds(bytes: number): number {
  return 1.5 + bytes / 15e6;
}

/**
 * Which moves may start next, if any: from the pair of nodes that is least busy now, in one mode, largest first. Batches get
 * smaller towards the end, so that all lanes finish together.
 */
export function nextBatch({
  pending: all,
  running,
  parallelMoves,
  total,
  together = false,
  withinStall,
  within,
}: QueueState): Batch | undefined {
  const isWithin = withinStall?.has ?? (() => false);
  const pending = all
    .filter((move) => within === undefined || within.estimate(move) <= within.seconds)
    .filter((move) => !(withinStall?.running === true && isWithin(move)));
  if (pending.length === 0 || running.length >= parallelMoves) return undefined;
  const tries = withinStall?.tries ?? (() => 0);
  const lane = leastBusyLane(pending, running, isWithin).sort(
    (a, b) => tries(a) - tries(b) || b.bytes - a.bytes || a.shardId - b.shardId,
  );
  const share = Math.ceil(pending.length / (2 * parallelMoves));
  // No lane may stay idle for the sake of a worthwhile batch: neither those that are free nor, soon, the others.
  const shareOfFree = Math.ceil(pending.length / (parallelMoves - running.length));
  const shareOfAll = Math.ceil((2 * pending.length) / parallelMoves);
  const fair = Math.min(shareOfFree, shareOfAll);
  const least = Math.ceil(total / batchGoal);
  const most = Math.max(share, least);
  const [first, ...others] = lane;
  if (!first) return undefined;
  if (together) return [first, ...others.slice(0, Math.min(mostTogether, shareOfFree) - 1)];
  // One after another anyway: fewer batches cost less.
  if (isWithin(first) && !within) return [first, ...others.slice(0, mostWithinStall - 1)];
  const batch: Batch = [first];
  const secondsOf = within?.estimate ?? (({ bytes }: PlannedMove) => expectedSeconds(bytes));
  let seconds = secondsOf(first);
  for (const move of others) {
    seconds += secondsOf(move);
    if (within && seconds > within.seconds) break;
    const enough = batch.length >= most && (seconds > worthwhileSeconds || batch.length >= fair);
    if (enough || (seconds > batchSeconds && batch.length >= least)) break;
    batch.push(move);
  }
  return batch;
}

function leastBusyLane(
  pending: readonly PlannedMove[],
  running: readonly Batch[],
  isWithin: (move: PlannedMove) => boolean,
): PlannedMove[] {
  const lanes = new Map<string, { moves: PlannedMove[]; bytes: number }>();
  for (const move of pending) {
    const key = `${move.from}>${move.to} ${move.mode} ${isWithin(move)}`;
    const lane = lanes.get(key) ?? { moves: [], bytes: 0 };
    lane.moves.push(move);
    lane.bytes += move.bytes;
    lanes.set(key, lane);
  }
  const busy = (node: number): number =>
    running.filter(([{ from, to }]) => from === node || to === node).length;
  const ranking = [...lanes.values()].map(({ moves, bytes }) => {
    const [first] = moves;
    return { moves, bytes, load: first ? busy(first.from) + busy(first.to) : 0 };
  });
  ranking.sort((a, b) => a.load - b.load || b.moves.length - a.moves.length || b.bytes - a.bytes);
  return ranking[0]?.moves ?? [];
}
