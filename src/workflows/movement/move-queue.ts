import { CancellationScope, isCancellation } from '@temporalio/workflow';
import { does } from '../../contract/index.js';
import type { MayMoveQuestion } from '../../contract/internal/may-move.js';
import type { OperationRequest } from '../../contract/internal/request.js';
import { count, formatBytes, formatSeconds } from '../../text/figures.js';
import { createMoveSeconds } from '../../planning/move-seconds.js';
import { nextBatch, type Batch } from '../../planning/next-batch.js';
import { namesOf, movesOf, type PlannedMoves } from '../../planning/planned-moves.js';
import { createBatches } from './batches.js';
import type { Status } from '../operation/status.js';
import { createFlow } from './flow.js';
import type { Governor } from './governor.js';
import type { Calls } from '../operation/calls.js';
import type { Undo } from '../operation/undo.js';
import type { Windows } from './windows.js';

/** Hands out moves in batches, as many at once as are allowed, and takes back what a batch didn't come to. */
export interface MoveQueue {
  run: (request: OperationRequest, round: PlannedMoves, atWindow: AtWindow) => Promise<void>;
  /** Stops the moves that run now; they are handed out again when nothing speaks against it. */
  stopRunning: () => void;
  setParallelMoves: (n: number) => void;
  /** Whether a batch may go on with its next move; the batches that began first go on longest. */
  mayMove: (question?: MayMoveQuestion) => boolean;
}

/** Told, while nothing moves, whether the maintenance window is open. */
export type AtWindow = (isOpen: boolean) => Promise<void>;

interface Running {
  batch: Batch;
  scope: CancellationScope;
  ended: Promise<void>;
}

export function createMoveQueue(
  status: Status,
  calls: Calls,
  windows: Windows,
  governor: Governor,
  undo: Pick<Undo, 'endMoves'>,
): MoveQueue {
  const running = new Set<Running>();
  const flow = createFlow();
  const seconds = createMoveSeconds();
  let wanted: number | undefined;
  const batches = createBatches(status, calls, windows, seconds);
  const ceiling = (request: OperationRequest): number => wanted ?? request.parallelMoves;
  const limit = (request: OperationRequest): number =>
    Math.min(ceiling(request), governor.limit() ?? Number.POSITIVE_INFINITY);

  /** Moves were stopped, and perhaps not all of them have ended at the server: their activities may have lost their worker. */
  const stopping = new Set<Running>();
  const stopRunning = (): void => {
    for (const each of running) {
      stopping.add(each);
      each.scope.cancel();
    }
  };
  return {
    stopRunning,
    setParallelMoves: (n) => {
      wanted = n;
    },
    mayMove: (question) => {
      if (status.paused || calls.givenUp) return false;
      if (!question || !status.request) return true;
      const rank = [...running].findIndex(({ batch: [first] }) => first.shardId === question.batch);
      return windows.open(Date.parse(question.at)) && Math.max(0, rank) < limit(status.request);
    },
    run,
  };

  async function run(request: OperationRequest, round: PlannedMoves, atWindow: AtWindow): Promise<void> {
    const moves = movesOf(round);
    const pending = new Set(moves);
    const totals = { moves: moves.length, bytes: moves.reduce((sum, { bytes }) => sum + bytes, 0) };
    const done = { moves: 0, bytes: 0 };
    let failure: Error | undefined;
    let over = false;

    const start = (batch: Batch): void => {
      batch.forEach((move) => pending.delete(move));
      const scope = new CancellationScope();
      const entry: Running = { batch, scope, ended: Promise.resolve() };
      entry.ended = scope
        .run(() => batches.make(request, round, batch))
        .then((left) => {
          for (const move of batch) {
            if (left.has(move.shardId)) pending.add(move);
            else {
              done.moves += 1;
              done.bytes += move.bytes;
              flow.moved({ ...namesOf(round, move), bytes: move.bytes });
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
      const waitingFor = pending.size > 0 && !over ? whatHolds(request) : undefined;
      const atWork = [...new Set([...running, ...stopping])];
      status.shown.progress = {
        basis,
        done: done[basis],
        total: totals[basis],
        percent: Math.min(100, Math.floor((100 * done[basis]) / total)),
        byNode: flow.byNode(),
        moving: atWork.slice(0, 50).map(({ batch: [first] }) => ({
          ...namesOf(round, first),
          phase: 'waiting',
          attempt: 1,
        })),
        movingTotal: atWork.length,
        ...(waitingFor !== undefined && { waitingFor }),
      };
      status.publish();
    };

    const next = (): Batch | undefined => {
      if (status.paused || stopping.size > 0 || failure !== undefined || !windows.open()) return undefined;
      const left = windows.left();
      return nextBatch({
        pending: [...pending],
        running: [...running].map(({ batch }) => batch),
        parallelMoves: limit(request),
        total: totals.moves,
        ...(left !== undefined && { within: { seconds: left, estimate: seconds.estimate } }),
      });
    };

    /** Moves that are too long for any window wait until the others are made; then a person has to decide. */
    const parked = async (): Promise<boolean> => {
      const [shortest] = [...pending].sort((a, b) => seconds.estimate(a) - seconds.estimate(b));
      if (!shortest || windows.hasRoom(seconds.estimate(shortest))) return false;
      const { tables, from, to } = namesOf(round, shortest);
      await calls.park('window', {
        problem: `${count(pending.size, 'move')} can’t be expected to end in any maintenance window`,
        evidence: `the shortest, ${tables[0] ?? 'shards'}, shard ${shortest.shardId}, ${from} → ${to}, ${formatBytes(shortest.bytes)}, is expected to take ${formatSeconds(seconds.estimate(shortest))}; the longest window is ${formatSeconds(windows.longestSeconds())}`,
        remedies: [
          does('ignoreWindow', 'ignore the windows: it moves at once'),
          does('retry', 'retry, if something held it up that is gone now, such as an old transaction'),
          does('retry', 'or make a window longer in the config, start the worker anew, then retry'),
          does('cancel', 'or cancel: what was moved stays where it is'),
        ],
      });
      seconds.forgetMoves();
      await windows.refresh(request, true);
      return true;
    };

    show();
    try {
      while (pending.size > 0 || running.size > 0) {
        if (pending.size > 0 && !status.paused) await windows.refresh(request);
        if (running.size === 0 && !status.paused) await atWindow(windows.open());
        watchLoad();
        for (let batch = next(); batch; batch = next()) start(batch);
        const isIdle = running.size === 0;
        if (stopping.size > 0 && isIdle) {
          await undo.endMoves();
          stopping.clear();
          continue;
        }
        if (failure !== undefined && isIdle) throw failure;
        if (isIdle && pending.size === 0) break;
        if (isIdle && !status.paused && limit(request) > 0 && (await parked())) continue;
        status.waitsForWindow =
          isIdle &&
          !status.paused &&
          windows.left() !== undefined &&
          !(windows.open() && limit(request) === 0);
        show();
        if (pending.size > 0 && !status.paused) windows.wakeMe();
        const before = seen();
        await calls.until(() => seen() !== before);
      }
    } finally {
      over = true;
      show();
      status.waitsForWindow = false;
      windows.sleepOn();
      governor.rest();
      batches.sayStopped();
      // After a cancel or a failure: nothing goes on behind our back.
      await CancellationScope.nonCancellable(async () => {
        stopRunning();
        await Promise.all([...running].map(({ ended }) => ended));
      });
    }

    /** Only while something moves, or may: a paused operation costs nothing. */
    function watchLoad(): void {
      const mayMove = !status.paused && windows.open() && pending.size > 0;
      if (mayMove || running.size > 0) governor.watch(request, ceiling(request));
      else governor.rest();
    }

    /** What may let further moves start, or end the waiting. */
    function seen(): string {
      return [running.size, limit(request), status.paused !== undefined, windows.version].join();
    }
  }

  /** Why further moves don't start. */
  function whatHolds(request: OperationRequest): string | undefined {
    if (status.paused) return '`resume`';
    if (windows.left() === 0)
      return `the maintenance window${status.window?.().opensAt === undefined ? '' : `, which opens ${status.window().opensAt}`}`;
    if (limit(request) < ceiling(request) && running.size >= limit(request))
      return `the load: ${status.shown.governor?.reason ?? ''}`;
    if (running.size >= limit(request)) return `the running moves: ${limit(request)} at once`;
    if (windows.left() !== undefined && running.size === 0) return 'a maintenance window with room for them';
    return undefined;
  }
}
