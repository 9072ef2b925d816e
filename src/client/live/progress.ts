import { doneBy } from '../../contract/internal/heartbeat.js';
import type { Moving, NodeFlow, OperationStatus, Progress } from '../../contract/index.js';
import type { LiveBatch } from './heartbeats.js';

/** How many running moves a status shows. */
const shownMoves = 50;

/**
 * Adds what the running batches have done so far to the workflow's own figures, which only grow when a batch ends.
 * A move that is half copied counts with its copied bytes.
 */
export function withLiveProgress(status: OperationStatus, batches: LiveBatch[]): OperationStatus {
  if (batches.length === 0) return status;
  const progress = status.progress ?? beforeFirstMove(status);
  // Reference tables are no part of the plan's bytes.
  const planBatches = status.progress ? batches : [];
  const live = planBatches.reduce((sum, batch) => sum + doneBy(batch.heartbeat, progress.basis), 0);
  const done = Math.min(progress.total, progress.done + live);
  const moving = mergeMoving(progress.moving, batches);
  return {
    ...status,
    progress: {
      ...progress,
      done,
      percent: percentOf(done, progress),
      ...(progress.byNode && { byNode: withLive(progress.byNode, batches) }),
      moving: moving.slice(0, shownMoves),
      movingTotal: Math.max(progress.movingTotal, moving.length),
    },
  };
}

function beforeFirstMove({ plan }: OperationStatus): Progress {
  const { bytes = 0, movesTotal = 0 } = plan ?? {};
  const total = bytes > 0 ? bytes : movesTotal;
  return { basis: bytes > 0 ? 'bytes' : 'moves', done: 0, total, percent: 0, moving: [], movingTotal: 0 };
}

/** Moves that run have brought what is copied of them; at the source all of it is still there. */
function withLive(flows: NodeFlow[], batches: LiveBatch[]): NodeFlow[] {
  const nodes = new Map(flows.map(({ node, bytes }) => [node, bytes]));
  const add = (node: string, bytes: number): unknown => nodes.set(node, (nodes.get(node) ?? 0) + bytes);
  for (const { heartbeat } of batches) {
    const { current, bytesDone } = heartbeat;
    if (!current) continue;
    add(current.from, -bytesDone);
    add(current.to, doneBy(heartbeat, 'bytes'));
  }
  return [...nodes].map(([node, bytes]) => ({ node, bytes }));
}

function percentOf(done: number, { total, percent }: Progress): number {
  return total > 0 ? Math.floor((100 * done) / total) : percent;
}

/** The heartbeats know more of a move than the workflow; a move that only the workflow knows is kept. */
function mergeMoving(moves: Moving[], batches: LiveBatch[]): Moving[] {
  const live = batches.flatMap((batch) =>
    batch.heartbeat.current ? [movingOf(batch.heartbeat.current, batch)] : [],
  );
  const routes = live.map(routeOf);
  const others = moves.filter((move) => {
    const index = routes.indexOf(routeOf(move));
    if (index >= 0) routes.splice(index, 1);
    return index < 0;
  });
  return [...live, ...others];
}

/** An attempt that has told of itself knows whether its move was tried before; of one that hasn't, Temporal does. */
function movingOf(current: Moving, { heartbeat, attempt, lastFailure }: LiveBatch): Moving {
  const tries = heartbeat.attempt === attempt ? current.attempt : Math.max(attempt, current.attempt);
  const message = current.message ?? (tries > 1 ? lastFailure : undefined);
  return { ...current, attempt: tries, ...(message !== undefined && { message }) };
}

/** A batch goes from one node to another; the workflow names its first move's table only. */
function routeOf({ from, to }: Moving): string {
  return `${from} ${to}`;
}
