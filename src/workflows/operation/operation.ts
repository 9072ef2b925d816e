import {
  allHandlersFinished,
  CancellationScope,
  CancelledFailure,
  condition,
  isCancellation,
  workflowInfo,
} from '@temporalio/workflow';
import type {
  Balance,
  BorrowedSetting,
  Check,
  OperationReport,
  OperationType,
  Plan,
  Step,
} from '../../contract/index.js';
import type { OperationRequest } from '../../contract/request.js';
import { worstFirst } from '../../planning/checks.js';
import { fitReport } from '../../planning/fit.js';
import type { PackedMoves } from '../../planning/planned-moves.js';
import { checkActivities, reportActivities, requestActivities } from './activities.js';
import { createApproval } from './approval.js';
import { announceSteps, createBoard, introduce, runStep, skipStep, type Board } from './board.js';
import { stopLost, undoAll, type Undo } from './undo.js';
import { canBePlanned, refuseBlockers } from './checks.js';
import { registerControls } from './controls.js';
import { attentionOf, endingFailure, operationFailure } from './failure.js';
import { acquireHold, type Hold } from './hold.js';
import { createMovement } from './movement.js';
import { passNoReturn, type HowLeft, type NoReturn } from './no-return.js';
import { unpaused } from './pause.js';
import { createCaller, type Caller } from './persist.js';
import { createService, type Service } from './service.js';
import { windowFits } from './windows.js';

/** What a procedure works with. */
export interface Operation<Type extends OperationType> {
  readonly request: OperationRequest<Type>;
  readonly dryRun: boolean;
  steps: (names: readonly string[]) => void;
  step: <T>(name: string, work: (step: Step) => Promise<T>) => Promise<T>;
  skip: (name: string, why: string) => void;
  call: Caller['call'];
  /** Adds a line to the report. */
  note: (...lines: string[]) => void;
  about: (nodes: string[]) => void;
  /** Checks the cluster; throws PreflightRefused or ForeignJobRunning on a blocker, unless it is a dry run. */
  preflight: () => Promise<void>;
  /** Whether the coordinator answered the checks: without it there is nothing to plan. */
  reachable: () => boolean;
  /** Adds checks made later, and refuses on a blocker. */
  checked: (checks: Check[]) => void;
  /** Shows the plan and, where approval is required, waits for it. Answers whether that took time in which the world may have changed. */
  approval: (plan: Plan) => Promise<boolean>;
  showPlan: (plan: Plan) => void;
  /** From now on the operation changes the cluster. */
  act: () => void;
  /** Borrows settings and copies reference tables; {@link move} does it where a procedure doesn't show it as a step. */
  readyToMove: (packed: PackedMoves) => Promise<void>;
  move: (packed: PackedMoves) => Promise<void>;
  /** Waits while the operation is paused, before what a pause has to hold up. */
  unpaused: () => Promise<void>;
  /** What the movements borrowed, and have given back. */
  wasBorrowed: () => BorrowedSetting[];
  /** Waits until data may move: for what only makes sense together with its movement. */
  untilOpen: () => Promise<void>;
  /** Takes nodes out of service or puts them back, see service.ts. */
  mark: Service['mark'];
  keepMarks: Service['keepMarks'];
  /** Does what can't be undone, see no-return.ts. */
  passNoReturn: <T>(point: NoReturn, work: (isNow: (left: HowLeft) => void) => Promise<T>) => Promise<T>;
  /** What undoes a step when the operation is cancelled or fails; last registered, first run. Register it before the step. */
  onStop: (name: string, undo: () => Promise<void>) => void;
  set: (result: Partial<Pick<OperationReport, 'before' | 'after'>>) => void;
  /** Shows what a verification found. */
  verified: (step: Step, found: { after: Balance; notes: string[]; detail: string }) => void;
}

/** Runs a procedure in the shell that all operations share. See docs/architecture.md. */
export async function operation<Type extends OperationType>(
  type: Type,
  input: unknown,
  procedure: (op: Operation<Type>) => Promise<void>,
): Promise<OperationReport> {
  const startedAt = new Date().toISOString();
  const board = createBoard(type, clusterIn(input));
  const caller = createCaller(board);
  const approval = createApproval(board, caller);
  const movement = createMovement(board, caller);
  const undo: Undo[] = [];
  let hold: Hold | undefined;
  registerControls(board, caller, approval, movement);
  watchForCancel(board);
  board.publish();

  try {
    const request = (await caller.call(requestActivities.checkInput, 'Check the input', {
      type,
      input,
    })) as OperationRequest<Type>;
    introduce(board, request);
    if (request.input.dryRun !== true) {
      hold = await acquireHold(board, caller, request);
    }
    await movement.windows.refresh(request);
    const held = hold;
    await procedure(
      operationOf(board, caller, request, approval, undo, {
        readyToMove: async (packed) => {
          if (held) await movement.prepare(request, held, packed);
        },
        move: async (packed) => {
          if (held) await movement.run(request, held, packed);
        },
        wasBorrowed: movement.wasBorrowed,
        untilOpen: () => movement.windows.untilOpen(request),
        showPlan: (plan) => {
          const others = board.status.checks.filter(({ id }) => id !== windowFits);
          board.status.checks = [...movement.windows.judge(plan), ...others];
          board.status.plan = plan;
          board.publish();
        },
        ...createService(caller, request, held, undo),
      }),
    );
    board.phase = 'done';
  } catch (error) {
    await CancellationScope.nonCancellable(async () => {
      // Settings first: machines that are stopped next could not give them back any more.
      const giveBack = { name: 'give back the borrowed settings', run: async () => movement.giveBack(hold) };
      await undoAll(board, [...undo, giveBack, stopLost(board, caller)]);
      await close(board, hold, startedAt, isCancellation(error) ? 'cancelled' : 'failed');
    });
    if (isCancellation(error))
      throw new CancelledFailure('The operation was cancelled; status says what was undone');
    throw endingFailure(error) ?? unexpected(board, error);
  }
  return CancellationScope.nonCancellable(() => close(board, hold, startedAt, 'done'));
}

function operationOf<Type extends OperationType>(
  board: Board,
  caller: Caller,
  request: OperationRequest<Type>,
  approval: ReturnType<typeof createApproval>,
  undo: Undo[],
  deeds: Pick<
    Operation<Type>,
    'readyToMove' | 'move' | 'wasBorrowed' | 'untilOpen' | 'mark' | 'keepMarks' | 'showPlan'
  >,
): Operation<Type> {
  const dryRun = request.input.dryRun === true;
  const refuse = (checks: Check[]): void => {
    if (!dryRun) refuseBlockers(request.cluster, checks);
  };
  const preflight = async (): Promise<void> => {
    const seen = await caller.call(checkActivities.preflight, 'Check the cluster', {
      request,
      operationId: workflowInfo().workflowId,
    });
    board.status.checks = seen.checks;
    if (seen.before) board.status.before ??= seen.before;
    refuse(seen.checks);
  };
  return {
    request,
    dryRun,
    steps: (names) => announceSteps(board, names),
    step: (name, work) => runStep(board, name, work),
    skip: (name, why) => skipStep(board, name, why),
    call: caller.call,
    note: (...lines) => board.notes.push(...lines),
    about: board.about,
    preflight,
    reachable: () => canBePlanned(board.status.checks),
    checked: (checks) => {
      board.status.checks = worstFirst([...board.status.checks, ...checks]);
      refuse(checks);
    },
    approval: async (plan) => {
      if (request.approval === 'auto') return false;
      const asked = Date.now();
      const by = await approval.ask(plan);
      board.notes.push(`plan ${plan.hash} approved by ${by}`);
      // Someone thought about it for a while: the world may have changed.
      if (Date.now() - asked > 60_000) await preflight();
      return true;
    },
    act: () => {
      board.phase = 'running';
      board.publish();
    },
    ...deeds,
    unpaused: () => unpaused(board, caller),
    passNoReturn: (point, work) => passNoReturn(board, point, work),
    onStop: (name, run) => undo.push({ name, run }),
    set: (result) => Object.assign(board.status, result),
    verified: (step, { after, notes, detail }) => {
      board.status.after = after;
      board.notes.push(...notes);
      step.detail = detail;
    },
  };
}

async function close(
  board: Board,
  hold: Hold | undefined,
  startedAt: string,
  phase: 'done' | 'failed' | 'cancelled',
): Promise<OperationReport> {
  await hold?.release();
  board.phase = phase;
  board.troubles.clear();
  for (const step of board.status.steps) if (step.state === 'pending') step.state = 'skipped';
  board.publish();
  const report = fitReport({
    ...board.status,
    startedAt,
    endedAt: new Date().toISOString(),
    movedBytes: board.moved.bytes,
    movedShardGroups: board.moved.shardGroups,
    notes: board.notes.slice(0, 200),
  });
  board.status = report;
  if (board.request?.keepsReports) {
    try {
      await reportActivities.keepReport.executeWithOptions({ summary: 'Keep the report' }, [{ report }]);
    } catch {
      board.notes.push('the report could not be kept as a file');
    }
  }
  await condition(allHandlersFinished);
  return report;
}

/** A cancel is heard once; the status shows it at once, whatever is being done. */
function watchForCancel(board: Board): void {
  CancellationScope.current().cancelRequested.catch(() => {
    const requestedAt = new Date().toISOString();
    const { pointOfNoReturn: point } = board.status;
    board.status.cancel = point?.last ? { requestedAt, refused: point.why } : { requestedAt };
    board.publish();
  });
}

function unexpected(board: Board, error: unknown): Error {
  const { problem, evidence, remedies } = attentionOf(error);
  return operationFailure('RecoveryRequired', problem, {
    cluster: board.status.cluster,
    evidence: [evidence, ...(board.left?.evidence ?? [])],
    remedies: [
      ...remedies,
      ...(board.left?.remedies ?? []),
      'look at the steps in the status for how far it came',
    ],
  });
}

/** For what is shown before the input was checked: whatever came may be anything. */
function clusterIn(input: unknown): string {
  const cluster =
    typeof input === 'object' && input !== null && 'cluster' in input ? input.cluster : undefined;
  return typeof cluster === 'string' ? cluster.slice(0, 64) : '';
}
