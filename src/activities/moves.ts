import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import { withCoordinator, type ConnectOptions } from '../citus/connect.js';
import { moveApplicationName, operationPrefix } from '../citus/application-name.js';
import { cancelBackend, findBackend, findBackends, readPlacements, readShardGroup } from '../citus/moves.js';
import { readRegistration } from '../citus/registration.js';
import type { ClusterConfig } from '../config/index.js';
import type { MoveHeartbeat, Moving } from '../contract/index.js';
import { clusterIn, ownWorkflowId, session, stopManner, type ActivityContext } from './context.js';
import { assertHeld } from './hold.js';
import { beatWith } from './interceptor.js';
import { makeMove, type MoveOrder } from './make-move.js';
import { shownIn } from './shown-in.js';
import { tellingOf } from './stalls/telling.js';
import { usualStallTimes } from './stalls/watch.js';

export type MoveActivities = ReturnType<typeof moveActivities>;

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
}

export interface BatchResult {
  movedShardGroups: number;
  movedBytes: number;
  /** Shards of the groups that were not moved because a pause or a cancel came. */
  left: number[];
  notes: string[];
}

type Look =
  | { state: 'gone' | 'there' }
  | { state: 'elsewhere'; node: string }
  | { state: 'to do'; order: MoveOrder; tables: string[] };

export function moveActivities(context: ActivityContext) {
  return {
    /** Moves shard groups one after another. Looks before each where it is: any attempt goes on where the last one was. */
    moveShardGroups: async (batch: BatchOrder): Promise<BatchResult> => {
      const activity = Context.current();
      const cluster = clusterIn(context, batch.cluster);
      const beat: MoveHeartbeat = { kind: 'moves', movesDone: 0, bytesDone: 0 };
      const result: BatchResult = { movedShardGroups: 0, movedBytes: 0, left: [], notes: [] };
      const telling = tellingOf(context.client, activity);
      beatWith(activity, () => beat);

      for (const [index, shardId] of batch.shardIds.entries()) {
        const bytes = batch.bytes[index] ?? 0;
        const rest = (): BatchResult => ({ ...result, left: batch.shardIds.slice(index) });
        if (activity.cancellationSignal.aborted || (index > 0 && !(await mayMove(context))))
          return stopped(activity, rest());
        await assertHeld(context.client, batch.holdId);
        const seen = await look(cluster, batch, shardId);
        if (seen.state === 'to do') {
          const current: Moving = {
            from: batch.from,
            to: batch.to,
            tables: seen.tables.slice(0, 5),
            phase: 'Setting Up',
            bytes,
            attempt: activity.info.attempt,
          };
          beat.current = current;
          const ended = await makeMove(
            cluster,
            seen.order,
            { signal: activity.cancellationSignal, manner: () => stopManner(activity) },
            { ...shownIn(current), telling, times: context.stallTimes ?? usualStallTimes },
          );
          delete beat.current;
          // Citus's own word is enough; of a stopped or adopted statement nobody knows how it ended.
          const there = ended === 'ended' || (await look(cluster, batch, shardId)).state !== 'to do';
          if (!there && ended === 'stopped') return stopped(activity, rest());
          if (!there) {
            const message = `the move of shard ${shardId} to ${batch.to} ended without effect`;
            throw ApplicationFailure.retryable(message, 'Passing');
          }
          result.movedShardGroups += 1;
          result.movedBytes += bytes;
        } else note(result, batch, index, seen, activity.info.attempt);
        beat.movesDone += 1;
        beat.bytesDone += bytes;
      }
      return result;
    },

    /**
     * Ends what an operation that is gone is still at on the server (its moves, and what else a dead worker had begun),
     * and returns when nothing of it runs any more.
     */
    stopMovesOf: async ({
      cluster,
      operationId,
    }: {
      cluster: string;
      operationId: string;
    }): Promise<void> => {
      const prefix = operationPrefix(operationId);
      await withCoordinator(
        clusterIn(context, cluster),
        { applicationName: 'citus-scaler:custodian' },
        async (db) => {
          for (;;) {
            const pids = await findBackends(db, prefix);
            if (pids.length === 0) return;
            for (const pid of pids) await cancelBackend(db, pid);
            await Context.current().sleep(200);
          }
        },
      );
    },
  };

  /** A pause lets the running move finish and starts no further one. Whoever can't be asked says no. */
  async function mayMove({ client }: ActivityContext): Promise<boolean> {
    try {
      return await client.workflow.getHandle(ownWorkflowId()).query<boolean>('mayMove');
    } catch {
      return false;
    }
  }
}

/** A pause or a cancel answers what is left; every other stop hands the batch to the next attempt. */
function stopped(activity: Context, result: BatchResult): BatchResult {
  if (stopManner(activity) === 'leave') activity.cancellationSignal.throwIfAborted();
  return result;
}

/** Not ended by a cancel: what was reached is told also then. */
function looking(): ConnectOptions {
  return { applicationName: session('look').applicationName, statementTimeoutSeconds: 60 };
}

async function look(
  cluster: ClusterConfig,
  { from, to, transferMode }: BatchOrder,
  shardId: number,
): Promise<Look> {
  return withCoordinator(cluster, looking(), async (db) => {
    const [placement] = await readPlacements(db, [shardId]);
    if (!placement) return { state: 'gone' };
    if (placement.nodes.includes(to)) return { state: 'there' };
    const fromNodeId = placement.nodeIds[placement.nodes.indexOf(from)];
    if (fromNodeId === undefined) return { state: 'elsewhere', node: placement.nodes.join(', ') };
    const target = await readRegistration(db, to);
    if (!target) {
      throw ApplicationFailure.create({
        type: 'NeedsPerson',
        message: `${to}, the target of planned moves, is not registered any more`,
        nonRetryable: true,
        details: [
          {
            evidence: [`pg_dist_node has no row for ${to}`],
            remedies: ['register it again, then retry', 'or cancel'],
          },
        ],
      });
    }
    const group = await readShardGroup(db, shardId);
    const operationId = ownWorkflowId();
    const backend = await findBackend(db, moveApplicationName(operationId, `${shardId}`));
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

function note(
  result: BatchResult,
  batch: BatchOrder,
  index: number,
  seen: Exclude<Look, { state: 'to do' }>,
  attempt: number,
): void {
  const shardId = batch.shardIds[index] ?? 0;
  switch (seen.state) {
    case 'gone':
      result.notes.push(`shard ${shardId} was not moved to ${batch.to}: it doesn't exist any more`);
      return;
    case 'elsewhere':
      result.notes.push(
        `shard ${shardId} was not moved to ${batch.to}: it is on ${seen.node} by now, not on ${batch.from}`,
      );
      return;
    case 'there':
      // An earlier attempt of this batch moved it, and was cut off before it could say so.
      if (attempt === 1) return;
      result.movedShardGroups += 1;
      result.movedBytes += batch.bytes[index] ?? 0;
  }
}
