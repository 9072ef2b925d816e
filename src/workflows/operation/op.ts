import { workflowInfo } from '@temporalio/workflow';
import type {
  Balance,
  BorrowedSetting,
  Check,
  OperationReport,
  OperationType,
  Plan,
  Step,
} from '../../contract/index.js';
import type { OperationRequest } from '../../contract/internal/request.js';
import { worstFirst } from '../../planning/checks.js';
import { count } from '../../text/figures.js';
import type { PackedMoves } from '../../planning/planned-moves.js';
import { checkActivities } from '../activities.js';
import type { createApproval } from './approval.js';
import { announceSteps, failStep, runStep, skipStep, type Board } from './status.js';
import { blockersIn, canBePlanned, refuseBlockers } from './checks.js';
import { passNoReturn, type HowLeft, type NoReturn } from './no-return.js';
import { unpaused } from './pause.js';
import type { Calls } from './calls.js';
import type { Service } from './service.js';
import type { Undo } from './undo.js';

/** What a procedure works with: its `op`. */
export interface Operation<Type extends OperationType> {
  readonly request: OperationRequest<Type>;
  readonly dryRun: boolean;
  steps: (names: readonly string[]) => void;
  step: <T>(name: string, work: (step: Step) => Promise<T>) => Promise<T>;
  skip: (name: string, why: string) => void;
  call: Calls['call'];
  /** Adds a line to the report. */
  note: (...lines: string[]) => void;
  about: (nodes: string[]) => void;
  /** Checks the cluster; throws PreflightRefused or ForeignJobRunning on a blocker. A dry run goes on, its step failed. */
  preflight: (step: string) => Promise<void>;
  /** Whether the checks leave anything to plan: not without the coordinator, nor with nowhere for the data to go. */
  plannable: () => boolean;
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
  set: (result: Partial<Pick<OperationReport, 'before' | 'after' | 'removed'>>) => void;
  /** Shows what a verification found. */
  verified: (step: Step, found: { after: Balance; notes: string[]; detail: string }) => void;
}

/** Made of what the shell has at hand; `deeds` are those that its hold and its movement do. */
export function operationOf<Type extends OperationType>(
  board: Board,
  caller: Calls,
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
  const checkCluster = async (): Promise<void> => {
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
    preflight: async (step) => {
      await runStep(board, step, checkCluster);
      const blockers = blockersIn(board.status.checks);
      if (blockers.length > 0) failStep(board, step, count(blockers.length, 'blocker'));
    },
    plannable: () => canBePlanned(board.status.checks),
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
      if (Date.now() - asked > 60_000) await checkCluster();
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
