import { Context } from '@temporalio/activity';
import { moveApplicationName } from '../../citus/session/application-name.js';
import { withCoordinator, type ConnectOptions } from '../../citus/session/connect.js';
import { cancelBackend, findBackend, readPlacements, readShardGroup } from '../../citus/moving/moves.js';
import { readRegistration } from '../../citus/nodes/registration.js';
import type { ClusterConfig } from '../../config/index.js';
import { does } from '../../contract/index.js';
import type { MayGoOnQuestion } from '../../contract/internal/may-move.js';
import { needsPerson, passing } from '../../failures.js';
import { askWorkflow } from '../runtime/ask-workflow.js';
import type { BatchBeat } from './batch-beat.js';
import { refuseBesideOthers } from './beside-others.js';
import { watchClosing, type ClosingOrder } from './closing.js';
import { clusterIn, ownWorkflowId, session, stopManner, type ActivityContext } from '../runtime/context.js';
import { isHeld } from '../lock/activities.js';
import type { Stop } from '../runtime/run-statement.js';
import { makeMove, sceneOf, type MoveOrder } from './make-move.js';
import { shownIn } from './shown-in.js';
import type { Telling } from './stalls/telling.js';
import { usualStallTimes } from './stalls/watch.js';

export interface BatchOrder {
  cluster: string;
  holdId: string;
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

export interface BatchResult {
  movedShardGroups: number;
  movedBytes: number;
  /** Shards of the groups that were not moved because a pause or a cancel came. */
  left: number[];
  /** The move that was stopped because its maintenance window closed, and how long it would have taken in all. */
  stopped?: { shardId: number; neededSeconds: number };
  notes: string[];
}

export interface ToDo {
  state: 'to do';
  order: MoveOrder;
  tables: string[];
}
export type Look = { state: 'gone' | 'there' } | { state: 'elsewhere'; node: string } | ToDo;
export type Outcome = { moved: true } | { moved: false; because: Pick<BatchResult, 'stopped'> };

/** Makes the move that comes next in its batch, or adopts it; stops it when it is cancelled or its window has closed. */
export async function moveOne(
  context: ActivityContext,
  batch: BatchOrder,
  index: number,
  { order, tables }: ToDo,
  { beat, telling }: { beat: BatchBeat; telling: Telling },
): Promise<Outcome> {
  const activity = Context.current();
  const cluster = clusterIn(context, batch.cluster);
  const { shardId } = order;
  const { from, to, closing } = batch;
  const move = { from, to, tables: tables.slice(0, 5), bytes: batch.bytes[index] ?? 0 };
  const current = beat.begins(index, move, order.running);
  const mayGoOn = (): Promise<boolean> =>
    askWorkflow<MayGoOnQuestion>(context, 'mayGoOn', { at: new Date().toISOString() });
  const window = watchClosing({ closing, index, adopted: order.running, mayGoOn });
  const stop: Stop = {
    signal: AbortSignal.any([activity.cancellationSignal, window.signal]),
    manner: () => (window.signal.aborted ? 'cancel' : stopManner(activity)),
  };
  try {
    const shown = shownIn(current);
    const ended = await makeMove(cluster, order, stop, {
      ...shown,
      progress: (progress) => {
        shown.progress(progress);
        window.saw(progress.copiedBytes, progress.bytes);
      },
      telling,
      times: context.stallTimes ?? usualStallTimes,
    });
    if (ended === 'stopped' && stop.manner() === 'leave') await endUnlessHeld(context, batch, order);
    // Citus's own word is enough; of a stopped or adopted statement nobody knows how it ended.
    if (ended === 'ended' || (await look(cluster, batch, shardId)).state !== 'to do') return { moved: true };
    if (ended !== 'stopped') {
      const message = `the move of shard ${shardId} to ${to} ended without effect`;
      throw passing(message);
    }
    const neededSeconds = window.neededSeconds();
    return {
      moved: false,
      because: window.signal.aborted ? { stopped: { shardId, neededSeconds } } : {},
    };
  } finally {
    window.end();
  }
}

/**
 * What is left to the next attempt has an owner only while the operation holds the cluster: of one that was terminated
 * just as the move began, the custodian may not have seen it.
 */
async function endUnlessHeld(context: ActivityContext, batch: BatchOrder, order: MoveOrder): Promise<void> {
  if (await isHeld(context.client, batch.holdId).catch(() => true)) return;
  await withCoordinator(clusterIn(context, batch.cluster), looking(), async (db) => {
    const pid = await findBackend(db, moveApplicationName(order.operationId, `${order.shardId}`));
    if (pid !== undefined) await cancelBackend(db, pid);
  });
}

/** Not ended by a cancel: what was reached is told also then. */
function looking(): ConnectOptions {
  return { applicationName: session('look').applicationName, statementTimeoutSeconds: 60 };
}

/**
 * Where a shard group is.
 *
 * @param alone whether its move is to begin, so that nobody else may move data meanwhile
 * @throws what passes, when somebody does
 */
export async function look(
  cluster: ClusterConfig,
  { from, to, transferMode }: BatchOrder,
  shardId: number,
  { alone = false } = {},
): Promise<Look> {
  return withCoordinator(cluster, looking(), async (db) => {
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
    const backend = await findBackend(db, moveApplicationName(operationId, `${shardId}`));
    if (alone && backend === undefined)
      await refuseBesideOthers(db, sceneOf({ shardId, from, to, operationId }));
    return {
      state: 'to do',
      tables: group?.tables ?? [],
      order: {
        operationId,
        running: backend !== undefined,
        shardId,
        shardIds: group?.shardIds ?? [shardId],
        from,
        to,
        fromNodeId,
        toNodeId: target.nodeId,
        transferMode,
      },
    };
  });
}
