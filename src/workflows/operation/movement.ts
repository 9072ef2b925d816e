import { CancellationScope, isCancellation, patched } from '@temporalio/workflow';
import type { BorrowedSetting, Move } from '../../contract/index.js';
import type { OperationRequest } from '../../contract/request.js';
import { count, formatBytes } from '../../planning/format.js';
import { nextBatch, type Batch } from '../../planning/next-batch.js';
import { unpackMoves, type PackedMoves, type PlannedMove } from '../../planning/planned-moves.js';
import { copyActivities, moveActivities, settingActivities } from './activities.js';
import type { Board } from './board.js';
import { createFlow } from './flow.js';
import type { Hold } from './hold.js';
import type { Caller } from './persist.js';

/** What people may change while a movement runs. */
export interface MovementControls {
  /** Stops the moves that run now; they are handed out again after `resume`. */
  stopRunning: () => void;
  setParallelMoves: (n: number) => void;
}

export interface Movement extends MovementControls {
  /** Borrows what makes moves fast, and copies the reference tables: a node must hold them before its first shard. */
  prepare: (request: OperationRequest, hold: Hold, packed: PackedMoves) => Promise<void>;
  /** Makes the approved moves, at most so many at once, and gives back what was borrowed. Prepares what isn't yet. */
  run: (request: OperationRequest, hold: Hold, packed: PackedMoves) => Promise<void>;
  /** Gives back what is still borrowed; does nothing when nothing is. */
  giveBack: (hold: Hold | undefined) => Promise<void>;
  wasBorrowed: () => BorrowedSetting[];
}

interface Running {
  batch: Batch;
  scope: CancellationScope;
  ended: Promise<void>;
}

export function createMovement(board: Board, caller: Caller): Movement {
  let parallelMoves: number | undefined;
  const running = new Set<Running>();
  const flow = createFlow();
  let borrowed: BorrowedSetting[] = [];
  let past: BorrowedSetting[] = [];
  let prepared: PackedMoves | undefined;

  const movement: Movement = {
    stopRunning: () => running.forEach(({ scope }) => scope.cancel()),
    setParallelMoves: (n) => {
      parallelMoves = n;
    },
    prepare: async (request, hold, packed) => {
      await borrow(request, hold, targetsOf(packed));
      await caller.call(copyActivities.replicateReferenceTables, 'Copy reference tables', {
        cluster: request.cluster,
        holdId: request.holdId,
        transferMode: request.transferMode,
      });
      prepared = packed;
    },
    run: async (request, hold, packed) => {
      if (prepared !== packed) await movement.prepare(request, hold, packed);
      await handOut(request, packed);
      await movement.giveBack(hold);
    },
    wasBorrowed: () => past,
    giveBack: async (hold) => {
      if (borrowed.length === 0) return;
      const { left } = await caller.call(
        settingActivities.giveBackSettings,
        'Give back the borrowed settings',
        {
          cluster: board.status.cluster,
          settings: borrowed,
        },
      );
      board.notes.push(...left);
      hold?.gaveBack(borrowed);
      borrowed = [];
    },
  };
  return movement;

  async function borrow(request: OperationRequest, hold: Hold, nodes: string[]): Promise<void> {
    if (!request.tune) return;
    const wanted = await caller.call(settingActivities.readBorrowable, 'Which settings may be borrowed?', {
      cluster: request.cluster,
      nodes,
    });
    board.notes.push(...wanted.notes);
    if (wanted.settings.length === 0) return;
    // The custodian knows before anything is raised: whoever dies now, it is given back.
    borrowed = wanted.settings;
    past = [
      ...past,
      ...borrowed.filter((each) => !past.some(({ node, name }) => node === each.node && name === each.name)),
    ];
    await hold.borrow(borrowed);
    const raised = await caller.call(settingActivities.raiseSettings, 'Borrow wal_retrieve_retry_interval', {
      cluster: request.cluster,
      holdId: request.holdId,
      settings: borrowed,
    });
    board.notes.push(...raised.notes);
  }

  async function handOut(request: OperationRequest, packed: PackedMoves): Promise<void> {
    const moves = unpackMoves(packed);
    const evenEnd = patched('even-end');
    const pending = new Set(moves);
    const totals = { moves: moves.length, bytes: moves.reduce((sum, { bytes }) => sum + bytes, 0) };
    const done = { moves: 0, bytes: 0 };
    let failure: Error | undefined;

    const start = (batch: Batch): void => {
      batch.forEach((move) => pending.delete(move));
      const scope = new CancellationScope();
      const entry: Running = { batch, scope, ended: Promise.resolve() };
      entry.ended = scope
        .run(() => makeMoves(request, packed, batch))
        .then((left) => {
          for (const move of batch) {
            if (left.has(move.shardId)) pending.add(move);
            else {
              done.moves += 1;
              done.bytes += move.bytes;
              flow.moved({ ...namesOf(packed, move), bytes: move.bytes });
            }
          }
        })
        .catch((error: unknown) => {
          batch.forEach((move) => pending.add(move));
          if (!isCancellation(error)) failure ??= error instanceof Error ? error : new Error(String(error));
        })
        .finally(() => {
          running.delete(entry);
          show();
        });
      running.add(entry);
    };

    const show = (): void => {
      const basis = totals.bytes > 0 ? 'bytes' : 'moves';
      const total = Math.max(1, totals[basis]);
      board.status.progress = {
        basis,
        done: done[basis],
        total: totals[basis],
        percent: Math.min(100, Math.floor((100 * done[basis]) / total)),
        byNode: flow.byNode(),
        moving: [...running].slice(0, 50).map(({ batch: [first] }) => ({
          ...namesOf(packed, first),
          phase: 'waiting',
          attempt: 1,
        })),
        movingTotal: running.size,
      };
      board.publish();
    };

    const limit = (): number => parallelMoves ?? request.parallelMoves;
    const next = (): Batch | undefined =>
      board.paused || failure !== undefined
        ? undefined
        : nextBatch({
            pending: [...pending],
            running: [...running].map(({ batch }) => batch),
            parallelMoves: limit(),
            total: totals.moves,
            evenEnd,
          });
    show();
    try {
      while (pending.size > 0 || running.size > 0) {
        for (let batch = next(); batch; batch = next()) start(batch);
        show();
        if (failure !== undefined && running.size === 0) throw failure;
        const before = { running: running.size, limit: limit(), paused: board.paused };
        await caller.until(
          () =>
            running.size !== before.running ||
            limit() !== before.limit ||
            (board.paused === undefined) !== (before.paused === undefined),
        );
      }
    } finally {
      // After a cancel or a failure: nothing goes on behind our back.
      await CancellationScope.nonCancellable(async () => {
        movement.stopRunning();
        await Promise.all([...running].map(({ ended }) => ended));
      });
    }
  }

  /** Returns the shards of the moves that are still to be made (stopped by a pause). */
  async function makeMoves(
    request: OperationRequest,
    packed: PackedMoves,
    batch: Batch,
  ): Promise<Set<number>> {
    const [first] = batch;
    const { from, to, tables } = namesOf(packed, first);
    const bytes = batch.reduce((sum, move) => sum + move.bytes, 0);
    const more = batch.length > 1 ? ` and ${count(batch.length - 1, 'more move')}` : '';
    const result = await caller.call(
      moveActivities.moveShardGroups,
      `${tables[0] ?? 'shards'}, ${first.shardId}${more}: ${from} → ${to}, ${formatBytes(bytes)}`,
      {
        cluster: request.cluster,
        holdId: request.holdId,
        transferMode: request.transferMode,
        from,
        to,
        shardIds: batch.map(({ shardId }) => shardId),
        bytes: batch.map((move) => move.bytes),
      },
    );
    board.moved.bytes += result.movedBytes;
    board.moved.shardGroups += result.movedShardGroups;
    board.notes.push(...result.notes);
    return new Set(result.left);
  }
}

/** Apply workers are started where the data arrives. */
function targetsOf(packed: PackedMoves): string[] {
  const targets = new Set(unpackMoves(packed).map(({ to }) => to));
  return packed.nodes.filter((_, index) => targets.has(index));
}

function namesOf({ nodes, labels }: PackedMoves, move: PlannedMove): Pick<Move, 'from' | 'to' | 'tables'> {
  return {
    from: nodes[move.from] ?? '?',
    to: nodes[move.to] ?? '?',
    tables: [labels[move.label] ?? 'shards'],
  };
}
