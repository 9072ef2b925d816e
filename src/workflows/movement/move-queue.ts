import { CancellationScope, isCancellation } from '@temporalio/workflow';
import type { BatchNews } from '../../contract/internal/heartbeat.js';
import type { MayMoveQuestion } from '../../contract/internal/may-move.js';
import type { OperationRequest } from '../../contract/internal/request.js';
import { momentIn } from '../../text/moment.js';
import { createMoveSeconds } from '../../planning/move-seconds.js';
import { nextBatch, type Batch } from '../../planning/next-batch.js';
import { namesOf, type PlannedMoves } from '../../planning/planned-moves.js';
import { createBatches } from './batches.js';
import { historyFull, isHistoryFull } from '../operation/history.js';
import type { Status } from '../operation/status.js';
import { createFlow } from './flow.js';
import type { Governor } from './governor.js';
import { noRoomForMoves } from './no-room.js';
import { createRound, type Round } from './round.js';
import type { Calls } from '../operation/calls.js';
import type { Undo } from '../operation/undo.js';
import type { Windows } from './windows.js';
import { createWithinStall } from './within-stall.js';

/** Starts moves in batches, as many at once as are allowed, and takes back what a batch didn't come to. */
export interface MoveQueue {
  /** Makes the moves of a round; returns when all are made. @throws what a batch failed with, once no other runs */
  run: (request: OperationRequest, plan: PlannedMoves, atWindow: AtWindow) => Promise<void>;
  /** Stops the moves that run now; they start again when nothing speaks against it. */
  stopRunning: () => void;
  setParallelMoves: (n: number) => void;
  /** A batch tells how far it is. */
  hearProgress: (news: BatchNews) => void;
  /** Whether a batch may go on with its next move; the batches that began first go on longest. */
  mayMove: (question?: MayMoveQuestion) => boolean;
}

/** Called while nothing moves, with whether the maintenance window is open. */
export type AtWindow = (isOpen: boolean) => Promise<void>;

interface Running {
  batch: Batch;
  /** Whether its moves block writes within the bound. */
  isWithinStall: boolean;
  /** What it has told of itself, in what its round counts. */
  told: number;
  scope: CancellationScope;
  ended: Promise<void>;
}

/** A round at work. */
interface Work {
  request: OperationRequest;
  round: Round;
  /** What the first batch that failed failed with: nothing starts any more. */
  failure?: Error;
  over: boolean;
}

/** The move queue of an operation, which makes one round of moves after another. */
export function createMoveQueue(
  status: Status,
  calls: Calls,
  windows: Windows,
  governor: Governor,
  undo: Pick<Undo, 'endMoves'>,
): MoveQueue {
  const running = new Set<Running>();
  /** Moves were stopped, and perhaps not all of them have ended at the server: their activities may have lost their worker. */
  const stopping = new Set<Running>();
  const flow = createFlow();
  const seconds = createMoveSeconds();
  const withinStall = createWithinStall(status);
  const batches = createBatches(status, calls, windows, seconds, withinStall);
  let ownCeiling: number | undefined;
  let current: Work | undefined;
  const ceiling = (request: OperationRequest): number => ownCeiling ?? request.parallelMoves;
  const limit = (request: OperationRequest): number =>
    Math.min(ceiling(request), governor.limit() ?? Number.POSITIVE_INFINITY);

  return {
    run,
    stopRunning,
    setParallelMoves: (n) => {
      ownCeiling = n;
    },
    hearProgress: ({ batch: name, done }) => {
      const told = [...running].find(({ batch: [first] }) => first.shardId === name);
      if (!told || !current) return;
      told.told = done;
      show(current);
    },
    mayMove: (question) => {
      if (status.paused || calls.isGivenUp) return false;
      if (!question || !status.request) return true;
      const rank = [...running].findIndex(({ batch: [first] }) => first.shardId === question.batch);
      return windows.open(Date.parse(question.at)) && Math.max(0, rank) < limit(status.request);
    },
  };

  async function run(request: OperationRequest, plan: PlannedMoves, atWindow: AtWindow): Promise<void> {
    const round = createRound(plan, flow);
    const { pending } = round;
    const work: Work = { request, round, over: false };
    current = work;
    show(work);
    try {
      while (pending.size > 0 || running.size > 0) {
        if (running.size === 0 && work.failure === undefined && isHistoryFull(status))
          throw historyFull(status, `still to move in this round: ${round.remaining()}`);
        if (pending.size > 0 && !status.paused) await windows.refresh(request);
        if (running.size === 0 && !status.paused) await atWindow(windows.open());
        watchLoad(work);
        for (let batch = next(work); batch; batch = next(work)) start(work, batch);
        const isIdle = running.size === 0;
        if (stopping.size > 0 && isIdle) {
          await undo.endMoves();
          stopping.clear();
          continue;
        }
        if (work.failure !== undefined && isIdle) throw work.failure;
        if (isIdle && pending.size === 0) break;
        if (isIdle && !status.paused && limit(request) > 0 && (await parkWithoutRoom(work))) continue;
        status.waitsForWindow = waitsForWindow(request);
        show(work);
        if (pending.size > 0 && !status.paused) windows.wakeAtChange();
        const before = whatMatters(request);
        await calls.until(() => whatMatters(request) !== before);
      }
    } finally {
      work.over = true;
      show(work);
      status.waitsForWindow = false;
      windows.stopWaking();
      governor.stop();
      batches.sayStopped();
      withinStall.sayCut(plan);
      // After a cancel or a failure: nothing goes on behind our back.
      await CancellationScope.nonCancellable(async () => {
        for (const { scope } of running) scope.cancel();
        await Promise.all([...running].map(({ ended }) => ended));
      });
      // What is cancelled or given up is ended at the server before anything is undone.
      stopping.clear();
      show(work);
    }
  }

  function stopRunning(): void {
    for (const each of running) {
      stopping.add(each);
      each.scope.cancel();
    }
  }

  /** The batch that may start now, if any may. */
  function next({ request, round, failure }: Work): Batch | undefined {
    if (status.paused || stopping.size > 0 || failure !== undefined || !windows.open()) return undefined;
    if (isHistoryFull(status)) return undefined;
    const secondsLeft = windows.secondsLeft();
    return nextBatch({
      pending: [...round.pending],
      running: [...running].map(({ batch }) => batch),
      parallelMoves: limit(request),
      total: round.total,
      withinStall: {
        has: (move) => withinStall.has(request, round.plan, move),
        running: [...running].some(({ isWithinStall }) => isWithinStall),
        tries: withinStall.tries,
      },
      together: round.plan.together === true,
      ...(secondsLeft !== undefined && { within: { seconds: secondsLeft, estimate: seconds.estimate } }),
    });
  }

  function start(work: Work, batch: Batch): void {
    const { request, round } = work;
    round.take(batch);
    const scope = new CancellationScope();
    const isWithinStall = withinStall.has(request, round.plan, batch[0]);
    const entry: Running = { batch, isWithinStall, told: 0, scope, ended: Promise.resolve() };
    entry.ended = scope
      .run(() => batches.make(request, round, batch, isWithinStall))
      .then((left) => round.settle(batch, left))
      .catch((error: unknown) => {
        round.settle(batch);
        if (!isCancellation(error))
          work.failure ??= error instanceof Error ? error : new Error(String(error));
      })
      .finally(() => {
        running.delete(entry);
        show(work);
      });
    running.add(entry);
  }

  function show({ request, round, over }: Work): void {
    const waitingFor = round.pending.size > 0 && !over ? whatHolds(request) : undefined;
    const atWork = [...new Set([...running, ...stopping])];
    status.view.progress = {
      ...round.figures(),
      byNode: flow.byNode(),
      moving: atWork.slice(0, 50).map(({ batch: [first] }) => ({
        ...namesOf(round.plan, first),
        phase: 'waiting',
        attempt: 1,
      })),
      movingTotal: atWork.length,
      ...(waitingFor !== undefined && { waitingFor }),
    };
    status.aheadOfProgress = [...running].reduce((sum, { told }) => sum + told, 0);
    status.publish();
  }

  /** Moves that are too long for any window wait until the others are made; then a person has to decide. */
  async function parkWithoutRoom({ request, round }: Work): Promise<boolean> {
    const [shortest] = [...round.pending].sort((a, b) => seconds.estimate(a) - seconds.estimate(b));
    if (!shortest || windows.hasRoom(seconds.estimate(shortest))) return false;
    const moves = { left: round.pending.size, shortest, seconds: seconds.estimate(shortest) };
    await calls.park('window', noRoomForMoves(round.plan, moves, windows.longestSeconds()));
    seconds.forgetMoves();
    await windows.refresh(request, true);
    return true;
  }

  /** Only while something moves, or may: a paused operation costs nothing. */
  function watchLoad({ request, round }: Work): void {
    const mayStart = !status.paused && windows.open() && round.pending.size > 0;
    // Its changes are events, too.
    if (isHistoryFull(status)) governor.stop();
    else if (mayStart || running.size > 0) governor.watch(request, ceiling(request));
    else governor.stop();
  }

  /** What may let further moves start, or end the waiting. */
  function whatMatters(request: OperationRequest): string {
    return [
      running.size,
      limit(request),
      ceiling(request),
      status.paused !== undefined,
      windows.version,
    ].join();
  }

  /** Whether nothing moves because of the window, and not because of a pause or the load. */
  function waitsForWindow(request: OperationRequest): boolean {
    if (running.size > 0 || status.paused || windows.secondsLeft() === undefined) return false;
    return !(windows.open() && limit(request) === 0);
  }

  /** Why further moves don't start. */
  function whatHolds(request: OperationRequest): string | undefined {
    if (status.paused) return '`resume`';
    if (windows.secondsLeft() === 0) {
      const { opensAt, timezone } = status.window?.() ?? {};
      return `the maintenance window${opensAt === undefined ? '' : `, which opens ${momentIn(opensAt, timezone)}`}`;
    }
    if (limit(request) < ceiling(request) && running.size >= limit(request))
      return `the load: ${status.view.governor?.reason ?? ''}`;
    if (running.size >= limit(request)) return `the running moves: ${limit(request)} at once`;
    if (windows.secondsLeft() !== undefined && running.size === 0)
      return 'a maintenance window with room for them';
    return undefined;
  }
}
