import { Context } from '@temporalio/activity';
import { moveName } from '../../citus/session/application-name.js';
import { withCoordinator, type Db } from '../../citus/session/connect.js';
import {
  findBackend,
  moveStatement,
  readMoveProgress,
  readPlacements,
  readShardGroup,
} from '../../citus/moving/moves.js';
import { readRegistration } from '../../citus/nodes/registration.js';
import type { ClusterConfig } from '../../config/index.js';
import { does } from '../../contract/index.js';
import type { MayGoOnQuestion } from '../../contract/internal/may-move.js';
import { needsPerson, passing } from '../../failures.js';
import { isHeld } from '../lock/assert-held.js';
import { askWorkflow } from '../runtime/ask-workflow.js';
import { clusterIn, readSession, ownWorkflowId, type ActivityContext } from '../runtime/context.js';
import { endSessions } from '../runtime/end-sessions.js';
import { stopsOf, type Ending, type Stops } from '../runtime/run-statement.js';
import type { BatchProgress } from './batch-progress.js';
import { refuseBesideOthers } from './beside-others.js';
import { watchClosing, type ClosingOrder } from './closing.js';
import { displayIn } from './move-display.js';
import type { Scene } from './stalls/stall.js';
import type { AttentionChannel } from './stalls/attention-channel.js';
import { usualStallTimes } from './stalls/watch.js';
import { watchStatement, type StatementDisplay } from './watch-statement.js';

/** The order to make a batch of moves, all between the same two nodes. */
export interface BatchOrder {
  cluster: string;
  lockId: string;
  transferMode: string;
  /** `host:port` */
  from: string;
  to: string;
  /** One shard of each group to move. */
  shardIds: number[];
  /** Planned bytes of each: what is told of a move whose attempt could not tell any more. */
  bytes: number[];
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
  notes: string[];
}

/** A move that is still to be made. */
export interface MoveOrder {
  state: 'to do';
  operationId: string;
  shardId: number;
  shardIds: number[];
  /** `host:port` */
  from: string;
  to: string;
  fromNodeId: number;
  toNodeId: number;
  transferMode: string;
  tables: string[];
  /** Whether an earlier attempt's statement still runs at the server. */
  running: boolean;
}
/** The place of a shard group: gone, at its target, elsewhere, or still to be moved. */
export type GroupLocation = { state: 'gone' | 'there' } | { state: 'elsewhere'; node: string } | MoveOrder;
/** Whether a move was made, and why not. */
export type Outcome = { moved: true } | { moved: false; reason: Pick<BatchResult, 'stopped'> };

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
  const { from, to, closing } = batch;
  const current = batchProgress.begin(
    index,
    { from, to, tables: tables.slice(0, 5), bytes: batch.bytes[index] ?? 0 },
    running,
  );
  const mayGoOn = (): Promise<boolean> =>
    askWorkflow<MayGoOnQuestion>(context, 'mayGoOn', { at: new Date().toISOString() });
  const window = watchClosing({ closing, index, isAdopted: running, mayGoOn });
  const own = stopsOf(activity);
  const stops = { cancel: AbortSignal.any([own.cancel, window.signal]), leave: own.leave };
  try {
    const display = displayIn(current);
    const ending = await runMove(cluster, order, stops, {
      ...display,
      progress: (progress) => {
        display.progress(progress);
        window.update(progress.copiedBytes, progress.bytes);
      },
      channel,
      times: context.stallTimes ?? usualStallTimes,
    });
    if (ending === 'left') await endUnlessHeld(context, batch, order);
    // Citus's own word is enough; of a stopped or adopted statement nobody knows how it ended.
    if (ending === 'ended' || (await locateGroup(cluster, batch, shardId)).state !== 'to do')
      return { moved: true };
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
  stops: Stops,
  show: StatementDisplay,
): Promise<Ending> {
  const { operationId, shardId, shardIds, fromNodeId, toNodeId, transferMode, running } = order;
  const statement = {
    name: moveName(operationId, `${shardId}`),
    text: moveStatement,
    params: [shardId, fromNodeId, toNodeId, transferMode],
    running,
    scene: sceneOf(order),
    readProgress: (db: Db) => readMoveProgress(db, shardIds),
  };
  return watchStatement(cluster, statement, stops, show);
}

function sceneOf({
  operationId,
  shardId,
  from,
  to,
}: Pick<MoveOrder, 'operationId' | 'shardId' | 'from' | 'to'>): Scene {
  return { what: `move of shard ${shardId} from ${from} to ${to}`, operationId, source: from, target: to };
}

/**
 * Ends a statement that was left at the server, unless the operation still holds the cluster: then the next attempt
 * adopts it. Of an operation that was terminated just as the move began, the lock keeper may not have seen it.
 */
async function endUnlessHeld(
  context: ActivityContext,
  batch: BatchOrder,
  { operationId, shardId }: MoveOrder,
): Promise<void> {
  if (await isHeld(context.client, batch.lockId).catch(() => true)) return;
  await withCoordinator(clusterIn(context, batch.cluster), uncancellable('look'), (db) =>
    endSessions(db, { prefix: moveName(operationId, `${shardId}`) }),
  );
}

/** Options of a session that no cancel ends: what was reached is told also then. */
function uncancellable(what: string) {
  return { applicationName: readSession(what).applicationName, statementTimeoutSeconds: 60 };
}

/**
 * Looks where a shard group is.
 *
 * @param alone whether its move is to begin, so that nobody else may move data meanwhile
 * @throws what passes, when somebody does
 */
export async function locateGroup(
  cluster: ClusterConfig,
  { from, to, transferMode }: BatchOrder,
  shardId: number,
  { alone = false } = {},
): Promise<GroupLocation> {
  return withCoordinator(cluster, uncancellable('look'), async (db) => {
    const [placement] = await readPlacements(db, [shardId]);
    if (!placement) return { state: 'gone' };
    if (placement.nodes.includes(to)) return { state: 'there' };
    const fromNodeId = placement.nodeIds[placement.nodes.indexOf(from)];
    if (fromNodeId === undefined) return { state: 'elsewhere', node: placement.nodes.join(', ') };
    const target = await readRegistration(db, to);
    if (!target) {
      throw needsPerson(`${to}, the target of planned moves, is not registered any more`, {
        evidence: [`pg_dist_node has no row for ${to}`],
        remedies: [does('retry', 'register it again, then retry'), does('cancel', 'or cancel')],
      });
    }
    const group = await readShardGroup(db, shardId);
    const operationId = ownWorkflowId();
    const backend = await findBackend(db, moveName(operationId, `${shardId}`));
    if (alone && backend === undefined)
      await refuseBesideOthers(db, sceneOf({ shardId, from, to, operationId }));
    return {
      state: 'to do',
      tables: group?.tables ?? [],
      operationId,
      running: backend !== undefined,
      shardId,
      shardIds: group?.shardIds ?? [shardId],
      from,
      to,
      fromNodeId,
      toNodeId: target.nodeId,
      transferMode,
    };
  });
}
