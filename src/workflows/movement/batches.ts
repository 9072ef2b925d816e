import type { OperationRequest } from '../../contract/internal/request.js';
import { count, formatBytes } from '../../text/figures.js';
import type { MoveSeconds } from '../../planning/move-seconds.js';
import type { Batch } from '../../planning/next-batch.js';
import { longestStallSeconds } from '../../planning/transfer-mode.js';
import { idsOf, namesOf } from '../../planning/planned-moves.js';
import { moveActivities } from '../activities.js';
import type { Status } from '../operation/status.js';
import type { Calls } from '../operation/calls.js';
import type { Windows } from './windows.js';
import type { Round } from './round.js';
import type { WithinStall } from './within-stall.js';
import type { BatchResult } from '../../activities/moving/move-group.js';

/** Has batches of moves made, and counts what comes of them. */
export interface Batches {
  /**
   * Makes the moves of a batch; `isWithinStall`: they may block writes within the bound. Returns the shards of the moves that are still to be made: a pause, a window's end or another came
   * in between, or their bound has ended them.
   */
  make: (
    request: OperationRequest,
    round: Round,
    batch: Batch,
    isWithinStall: boolean,
  ) => Promise<Set<number>>;
  /** Notes how many moves a window's end has stopped. */
  sayStopped: () => void;
}

/** What the request accepts, as far as a move's mode depends on it. */
export function acceptsOf({ input }: OperationRequest): { accepts?: string[] } {
  return input.acceptChecks ? { accepts: input.acceptChecks } : {};
}

/** The batches of an operation. */
export function createBatches(
  status: Status,
  calls: Calls,
  windows: Windows,
  seconds: MoveSeconds,
  withinStall: WithinStall,
): Batches {
  let stops = 0;
  return { make: makeMoves, sayStopped };

  async function makeMoves(
    request: OperationRequest,
    { plan: round, figures }: Round,
    batch: Batch,
    isWithinStall: boolean,
  ): Promise<Set<number>> {
    const [first] = batch;
    const { basis, total } = figures();
    const { from, to, tables } = namesOf(round, first);
    const bytes = batch.reduce((sum, move) => sum + move.bytes, 0);
    const more = batch.length > 1 ? ` and ${count(batch.length - 1, 'more move')}` : '';
    const closing = windows.closing();
    const startedAt = Date.now();
    const result = await calls
      .run(
        moveActivities.moveShardGroups,
        `${tables[0] ?? 'shards'}, ${first.shardId}${more}: ${from} → ${to}, ${formatBytes(bytes)}`,
        {
          cluster: request.cluster,
          lockId: request.lockId,
          transferMode: request.transferMode,
          mode: first.mode,
          ...(round.together && { together: round.together }),
          ...(isWithinStall && { maxWriteStall: round.maxWriteStall }),
          ...acceptsOf(request),
          from,
          to,
          ...idsOf(round, first),
          shardIds: batch.map(({ shardId }) => shardId),
          bytes: batch.map((move) => move.bytes),
          round: { basis, total },
          ...(closing && { closing: { ...closing, expectedSeconds: batch.map(seconds.estimate) } }),
        },
        { beginsAnew: true },
      )
      .catch((error: unknown) => {
        status.moved.unanswered.push(
          ...batch.map((move) => `${tables[0] ?? 'shards'}, ${move.shardId}, ${from} → ${to}`),
        );
        throw error;
      });
    status.moved.bytes += result.movedBytes;
    status.moved.shardGroups += result.movedShardGroups;
    noteStall(isWithinStall, batch, result);
    status.notes.push(...result.notes);
    if (isWithinStall) withinStall.learn(round, batch, result);
    else if (result.movedShardGroups === batch.length)
      seconds.recordBatch(batch, (Date.now() - startedAt) / 1_000);
    if (result.stopped) {
      stops += 1;
      seconds.recordMove(result.stopped.shardId, result.stopped.neededSeconds);
    }
    return new Set(result.left);
  }

  function noteStall(isWithinStall: boolean, batch: Batch, result: BatchResult): void {
    const { stallSeconds: measuredSeconds, blocked = 0 } = result;
    status.moved.blocking += blocked;
    if (measuredSeconds === undefined) return;
    const before = status.moved.stall;
    status.moved.stall = {
      expectedSeconds: Math.max(before?.expectedSeconds ?? 0, longestStallSeconds(batch, isWithinStall)),
      measuredSeconds: Math.max(before?.measuredSeconds ?? 0, measuredSeconds),
    };
  }

  function sayStopped(): void {
    if (stops === 0) return;
    status.notes.push(
      `${count(stops, 'move')} stopped when a maintenance window closed, to begin anew in the next`,
    );
    stops = 0;
  }
}
