import { Context } from '@temporalio/activity';
import { moveName } from '../../citus/session/application-name.js';
import { withCoordinator, type Db } from '../../citus/session/connect.js';
import { moveStatement, readMoveProgress } from '../../citus/moving/moves.js';
import type { ClusterConfig } from '../../config/index.js';
import type { Progress } from '../../contract/index.js';
import type { MayGoOnQuestion } from '../../contract/internal/may-move.js';
import { passing } from '../../failures.js';
import { assertHeld, isHeld } from '../lock/assert-held.js';
import { askWorkflow } from '../runtime/ask-workflow.js';
import { clusterIn, type ActivityContext } from '../runtime/context.js';
import type { ApprovedMode } from './choose-mode.js';
import { endSessions } from '../runtime/end-sessions.js';
import { stopsOf, type Ending, type Stops } from '../runtime/run-statement.js';
import type { BatchProgress } from './batch-progress.js';
import { watchClosing, type ClosingOrder } from './closing.js';
import { displayIn } from './move-display.js';
import type { AttentionChannel } from './stalls/attention-channel.js';
import { usualStallTimes } from './stalls/watch.js';
import { explainCut, type Cut } from './within-stall.js';
import { watchStatement, type StatementDisplay } from './watch-statement.js';
import { locateGroup, sceneOf, uncancellable, type MoveOrder } from './locate-group.js';

/** The order to make a batch of moves, all between the same two nodes. */
export interface BatchOrder extends ApprovedMode {
  cluster: string;
  lockId: string;
  /** `host:port` */
  from: string;
  to: string;
  /** `nodeid` of each, where the plan knows it: a failover changes the address. */
  fromId?: number;
  toId?: number;
  /** One shard of each group to move. */
  shardIds: number[];
  /** Planned bytes of each: what is told of a move whose attempt could not tell any more. */
  bytes: number[];
  /** Whether they are to be made in one statement, all or none. */
  together?: true;
  /** All that its round moves: what its progress is a part of. */
  round?: Pick<Progress, 'basis' | 'total'>;
  /** When the maintenance window closes; absent: there is none, or it stays open for long. */
  closing?: ClosingOrder;
}

/** The outcome of a batch. */
export interface BatchResult {
  movedShardGroups: number;
  movedBytes: number;
  /** Shards of the groups that were not moved because a pause or a cancel came. */
  left: number[];
  /** The move that was stopped because its maintenance window closed, and how long it would have taken in all. */
  stopped?: { shardId: number; neededSeconds: number };
  /** Seconds that the longest of its moves with writes blocked took. */
  stallSeconds?: number;
  /** How many of the moved shard groups had their writes blocked. Absent: none. */
  blocked?: number;
  /** Its moves with writes blocked that were measured, and how long they took together. Absent: none. */
  blocking?: { moves: number; bytes: number; seconds: number };
  /** Moves that their bound on the write stall ended, also among those that are left. Absent: none. */
  cut?: Cut[];
  notes: string[];
}

/** Whether a move was made, and why not. */
export type Outcome =
  | { moved: true; stallSeconds?: number }
  | { moved: false; cut: Cut; stallSeconds: number }
  | { moved: false; reason: Pick<BatchResult, 'stopped'> };

/** Makes the move that comes next in its batch, or adopts it; stops it when it is cancelled or its window has closed. */
export async function moveOne(
  context: ActivityContext,
  batch: BatchOrder,
  index: number,
  order: MoveOrder,
  { batchProgress, channel }: { batchProgress: BatchProgress; channel: AttentionChannel },
): Promise<Outcome> {
  const activity = Context.current();
  const cluster = clusterIn(context, batch.cluster);
  const { shardId, tables, running } = order;
  const { from, to } = order;
  const { closing } = batch;
  const current = batchProgress.begin(
    index,
    { from, to, tables: tables.slice(0, 5), bytes: batch.bytes[index] ?? 0 },
    running,
  );
  const mayGoOn = (): Promise<boolean> =>
    askWorkflow<MayGoOnQuestion>(context, 'mayGoOn', { at: new Date().toISOString() });
  const window = watchClosing({ closing, index, isAdopted: running, mayGoOn });
  const own = stopsOf(activity);
  const begunAt = Date.now();
  const stops = { cancel: AbortSignal.any([own.cancel, window.signal]), leave: own.leave };
  try {
    const display = displayIn(current);
    const mayBegin = (): Promise<void> => assertHeld(context.client, batch.lockId);
    const ending = await runMove(cluster, order, mayBegin, stops, {
      ...display,
      progress: (progress) => {
        display.progress(progress);
        window.update(progress.copiedBytes, progress.bytes);
      },
      channel,
      times: context.stallTimes ?? usualStallTimes,
    });
    const stallSeconds = (Date.now() - begunAt) / 1_000;
    if (ending === 'cut') return { moved: false, cut: await explainCut(cluster, order), stallSeconds };
    if (ending === 'left') await endUnlessHeld(context, batch, moveName(order.operationId, `${shardId}`));
    // Citus's own word is enough; of a stopped or adopted statement nobody knows how it ended.
    if (ending === 'ended' || (await locateGroup(cluster, batch, shardId)).state !== 'to do') {
      const blocked = order.transferMode === 'block_writes';
      return { moved: true, ...(blocked && { stallSeconds }) };
    }
    if (ending === 'adopted') throw passing(`the move of shard ${shardId} to ${to} ended without effect`);
    const neededSeconds = window.neededSeconds();
    return {
      moved: false,
      reason: window.signal.aborted ? { stopped: { shardId, neededSeconds } } : {},
    };
  } finally {
    window.end();
  }
}

/** Makes one move, or adopts it. Whether the shards really are there then is for the caller to look at. */
export function runMove(
  cluster: ClusterConfig,
  order: MoveOrder,
  mayBegin: () => Promise<void>,
  stops: Stops,
  show: StatementDisplay,
): Promise<Ending> {
  const { operationId, shardId, shardIds, fromNodeId, toNodeId, transferMode, withinSeconds, running } =
    order;
  const statement = {
    name: moveName(operationId, `${shardId}`),
    text: moveStatement,
    params: [shardId, fromNodeId, toNodeId, transferMode],
    ...(withinSeconds !== undefined && { withinSeconds }),
    mayBegin,
    running,
    scene: sceneOf(order),
    readProgress: (db: Db) => readMoveProgress(db, shardIds),
  };
  return watchStatement(cluster, statement, stops, show);
}

/**
 * Ends a statement that is left to the next attempt, unless the operation holds the cluster still: of one that was
 * terminated just as the statement began, the lock keeper may not have seen it.
 */
export async function endUnlessHeld(
  context: ActivityContext,
  { cluster, lockId }: { cluster: string; lockId: string },
  sessionName: string,
): Promise<void> {
  if (await isHeld(context.client, lockId).catch(() => true)) return;
  await withCoordinator(clusterIn(context, cluster), uncancellable('look'), (db) =>
    endSessions(db, { prefixes: [sessionName] }),
  );
}
