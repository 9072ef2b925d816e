import { Context } from '@temporalio/activity';
import type { BatchNews } from '../../contract/internal/heartbeat.js';
import type { MayMoveQuestion } from '../../contract/internal/may-move.js';
import { assertHeld } from '../lock/assert-held.js';
import { askWorkflow } from '../runtime/ask-workflow.js';
import { waitsForPerson } from '../runtime/classify.js';
import {
  clusterIn,
  isCancelOfOperation,
  isFirstTry,
  ownWorkflowId,
  type ActivityContext,
} from '../runtime/context.js';
import { beatWith } from '../runtime/interceptor.js';
import { createBatchProgress } from './batch-progress.js';
import { isClosed } from './closing.js';
import { copyReferenceTables, type ReferenceOrder } from './copy-reference-tables.js';
import { moveOne, type BatchOrder, type BatchResult, type Outcome } from './move-group.js';
import { locateGroup, type GroupLocation } from './locate-group.js';
import { progressTeller } from './progress-teller.js';
import { moveTogether } from './move-together.js';
import { attentionChannel } from './stalls/attention-channel.js';
import { commitWatch } from './within-stall.js';

/** The activities of {@link moveActivities}, as workflows call them. */
export type MoveActivities = ReturnType<typeof moveActivities>;

/** Activities that move data. */
export function moveActivities(context: ActivityContext) {
  return {
    /** Moves shard groups one after another. Looks before each where it is: any attempt goes on where the last one was. */
    moveShardGroups: async (batch: BatchOrder): Promise<BatchResult> => {
      const activity = Context.current();
      const cluster = clusterIn(context, batch.cluster);
      const { attempt } = activity.info;
      const batchProgress = createBatchProgress(attempt, activity.info.heartbeatDetails);
      const result: BatchResult = { movedShardGroups: 0, movedBytes: 0, left: [], notes: [] };
      const channel = attentionChannel(context.client, activity);
      const tellProgress = progressTeller(batch.round ?? { basis: 'bytes', total: 0 }, (done) =>
        tellDone(context, batch, done),
      );
      beatWith(activity, () => {
        tellProgress(batchProgress.heartbeat);
        return batchProgress.heartbeat;
      });

      const together =
        batch.together === true ? await moveTogether(context, batch, { batchProgress, channel }) : undefined;
      if (together && together.made.size > 0) result.stallSeconds = together.seconds;
      const commitsAtOnce = commitWatch(cluster);
      const cut: number[] = [];
      for (const [index, shardId] of batch.shardIds.entries()) {
        const bytes = batch.bytes[index] ?? 0;
        if (together?.made.has(shardId) === true) {
          countMade(result, bytes, true);
          batchProgress.finish(index, bytes);
          continue;
        }
        const rest = (): BatchResult => ({ ...result, left: [...cut, ...batch.shardIds.slice(index)] });
        if (activity.cancellationSignal.aborted) return resultAtStop(activity, rest());
        const outcome = await moveUnlessSettled(index, shardId).catch(
          async (error: unknown): Promise<Outcome> => {
            // A lock keeper whose operation is gone has cancelled it: no stranger.
            await assertHeld(context.client, batch.lockId);
            // What was moved counts from now on; the rest is handed out anew, and its first move says what is wrong.
            if (result.movedShardGroups > 0 && waitsForPerson(error)) return { moved: false, reason: {} };
            throw error;
          },
        );
        if (outcome !== 'settled') {
          if (!outcome.moved && 'reason' in outcome)
            return resultAtStop(activity, { ...rest(), ...outcome.reason });
          noteStall(result, bytes, outcome);
          if (!outcome.moved) {
            cut.push(shardId);
            continue;
          }
          countMade(result, bytes, outcome.stallSeconds !== undefined);
        }
        batchProgress.finish(index, bytes);
      }
      return { ...result, left: cut };

      /** Online, while a commit would wait. */
      async function asItMayBlock(): Promise<BatchOrder> {
        const { maxWriteStall, ...online } = batch;
        return maxWriteStall === undefined || (await commitsAtOnce()) ? batch : online;
      }

      async function moveUnlessSettled(index: number, shardId: number): Promise<Outcome | 'settled'> {
        const location = await locateGroup(cluster, await asItMayBlock(), shardId, { alone: true });
        if (location.state !== 'to do') {
          noteSkip(result, batch, index, location);
          return 'settled';
        }
        // After a reset the run before holds the lock, and its keeper ends what runs; a new one asks as it begins.
        if (location.running) await assertHeld(context.client, batch.lockId);
        // One that runs at the server already is adopted, whatever was decided meanwhile. The workflow has just said yes
        // to the first move of a batch, unless it was tried before.
        const isNew = !location.running && (index > 0 || attempt > 1 || isClosed(batch.closing));
        if (isNew && !(await mayMove(context, batch))) return { moved: false, reason: {} };
        return moveOne(context, batch, index, location, { batchProgress, channel });
      }
    },

    /** Copies every reference table to each node that lacks it; waits, as a move does, for older transactions. */
    replicateReferenceTables: (order: ReferenceOrder): Promise<void> => copyReferenceTables(context, order),
  };
}

/**
 * Asks whether a further move of the batch may start: not while paused, outside of the window, or when more batches run
 * than may. The running move finishes.
 */
function mayMove(context: ActivityContext, { shardIds }: BatchOrder): Promise<boolean> {
  return askWorkflow<MayMoveQuestion>(context, 'mayMove', {
    batch: shardIds[0] ?? 0,
    at: new Date().toISOString(),
  });
}

/** Best effort: its end tells, too. */
function tellDone({ client }: ActivityContext, { shardIds }: BatchOrder, done: number): void {
  client.workflow
    .getHandle(ownWorkflowId())
    .signal<[BatchNews]>('progress', { batch: shardIds[0] ?? 0, done })
    .catch(() => undefined);
}

/** A pause or a cancel answers what is left; every other stop hands the batch to the next attempt. */
function resultAtStop(activity: Context, result: BatchResult): BatchResult {
  if (!isCancelOfOperation(activity)) activity.cancellationSignal.throwIfAborted();
  return result;
}

/** Counts a move with writes blocked, made or cut, so that the next ones are expected to take what this one took. */
function noteStall(result: BatchResult, bytes: number, outcome: Exclude<Outcome, { reason: unknown }>): void {
  if (!outcome.moved) result.cut = [...(result.cut ?? []), outcome.cut];
  const { stallSeconds } = outcome;
  if (stallSeconds === undefined) return;
  result.stallSeconds = Math.max(result.stallSeconds ?? 0, stallSeconds);
  if (!outcome.moved) return;
  const { blocking = { moves: 0, bytes: 0, seconds: 0 } } = result;
  result.blocking = {
    moves: blocking.moves + 1,
    bytes: blocking.bytes + bytes,
    seconds: blocking.seconds + stallSeconds,
  };
}

function noteSkip(
  result: BatchResult,
  batch: BatchOrder,
  index: number,
  location: Exclude<GroupLocation, { state: 'to do' }>,
): void {
  const shardId = batch.shardIds[index] ?? 0;
  switch (location.state) {
    case 'gone':
      result.notes.push(`shard ${shardId} was not moved to ${batch.to}: it doesn't exist any more`);
      return;
    case 'elsewhere':
      result.notes.push(
        `shard ${shardId} was not moved to ${batch.to}: it is on ${location.node} by now, not on ${batch.from}`,
      );
      return;
    case 'there':
      // Else an earlier attempt of this batch moved it, and was cut off before it could say so.
      if (isFirstTry()) return;
      countMade(result, batch.bytes[index] ?? 0, blocks(batch));
  }
}

/** Whether the moves of a batch are to have writes blocked; one that can't may go on online all the same. */
function blocks({ transferMode, mode, maxWriteStall }: BatchOrder): boolean {
  if (transferMode !== 'auto') return transferMode === 'block_writes';
  return mode === 'blocking' || maxWriteStall !== undefined;
}

function countMade(result: BatchResult, bytes: number, isBlocked: boolean): void {
  result.movedShardGroups += 1;
  result.movedBytes += bytes;
  if (isBlocked) result.blocked = (result.blocked ?? 0) + 1;
}
