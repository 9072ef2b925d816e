import { workflowInfo } from '@temporalio/workflow';
import {
  givesUp,
  type Balance,
  type Check,
  type OperationReport,
  type OperationType,
  type Plan,
  type Step,
} from '../../contract/index.js';
import type { OperationRequest } from '../../contract/internal/request.js';
import { worstFirst } from '../../contract/checks.js';
import type { PlannedMoves } from '../../planning/planned-moves.js';
import { count } from '../../text/figures.js';
import { checkActivities } from '../activities.js';
import type { Movement } from '../movement/movement.js';
import { windowFits } from '../movement/windows.js';
import { needsApproval, type Approval, type Word } from './approval.js';
import type { Calls } from './calls.js';
import { planRejected } from './failure.js';
import { blockersIn, canBePlanned, refuseBlockers } from './checks.js';
import type { HowLeft } from './how-left.js';
import { passNoReturn, type NoReturn } from './no-return.js';
import { announceSteps, failStep, runStep, skipStep, type Status } from './status.js';
import type { Undo } from './undo.js';

/** The parts that an operation is made of. */
export interface Parts {
  status: Status;
  calls: Calls;
  approval: Approval;
  undo: Undo;
  movement: Movement;
}

/** Goes on as an operation of another type, which the config binds as it binds that type. What was done and shown so far stays. */
export type GoOnAs = <Type extends OperationType>(
  type: Type,
  input: OperationRequest<Type>['input'],
) => Promise<Operation<Type>>;

/** The `op` that a procedure works with. */
export type Operation<Type extends OperationType> = ReturnType<typeof createOperation<Type>>;

/** The `op` of a procedure. Its parts are there to use: `op.calls.run`, `op.undo.add`, `op.movement.windows`. */
export function createOperation<Type extends OperationType>(parts: Parts, request: OperationRequest<Type>) {
  const { status, calls, approval, undo, movement } = parts;
  const dryRun = request.input.dryRun === true;
  const refuse = (checks: Check[]): void => {
    if (!dryRun) refuseBlockers(request.cluster, checks);
  };
  let patroni = false;
  const checkCluster = async (): Promise<void> => {
    const result = await calls.run(checkActivities.preflight, 'Check the cluster', {
      request,
      operationId: workflowInfo().workflowId,
    });
    status.view.checks = result.checks;
    if (result.before) status.view.before ??= result.before;
    patroni = result.patroni === true;
    refuse(result.checks);
  };
  const showPlan = (plan: Plan): void => {
    const others = status.view.checks.filter(({ id }) => id !== windowFits);
    status.view.checks = [...movement.windows.judge(plan), ...others];
    status.view.plan = plan;
    status.publish();
  };
  return {
    request,
    dryRun,
    calls,
    undo,
    movement,
    steps: (names: readonly string[]): void => announceSteps(status, names),
    step: <T>(name: string, work: (step: Step) => Promise<T>): Promise<T> => runStep(status, name, work),
    skip: (name: string, why: string): void => skipStep(status, name, why),
    /** Skips all steps that are still ahead. */
    skipPending: (why: string): void => {
      const names = status.view.steps.filter(({ state }) => state === 'pending').map(({ name }) => name);
      for (const [index, name] of names.entries()) skipStep(status, name, index === 0 ? why : undefined);
    },
    /** Adds lines to the report. */
    note: (...lines: string[]): void => {
      status.notes.push(...lines);
    },
    /** Names the nodes that the operation is about, for the `CitusNodes` search attribute. */
    about: status.about,

    /** Whether Patroni registers the nodes of the cluster, as the checks of it saw. */
    byPatroni: (): boolean => patroni,

    /** Checks the cluster; throws PreflightRefused or ForeignJobRunning on a blocker. A dry run goes on, its step failed. */
    preflight: async (step: string): Promise<void> => {
      await runStep(status, step, checkCluster);
      const blockers = blockersIn(status.view.checks);
      if (blockers.length > 0) failStep(status, step, count(blockers.length, 'blocker'));
    },
    /** Tells whether the checks leave anything to plan: not without the coordinator, nor with nowhere for the data to go. */
    plannable: (): boolean => canBePlanned(status.view.checks),
    /** Adds checks made later, and refuses on a blocker. */
    checked: (checks: Check[]): void => {
      status.view.checks = worstFirst([...status.view.checks, ...checks]);
      refuse(checks);
    },
    /** Puts checks in the place of those of the same ids, which were made before, and refuses on a blocker. */
    checkedAgain: (checks: Check[]): void => {
      const ids = new Set(checks.map(({ id }) => id));
      const others = status.view.checks.filter(({ id }) => !ids.has(id));
      status.view.checks = worstFirst([...others, ...checks]);
      refuse(checks);
    },
    showPlan,
    /** Shows the plan and, where approval is required, waits for it. Answers whether that took time in which the world may have changed. */
    approval: async (plan: Plan): Promise<boolean> => {
      if (!needsApproval(request, plan, status.view.checks)) return false;
      const began = Date.now();
      const { by, rejected, backup } = await approval.ask(plan);
      if (rejected !== undefined)
        throw planRejected(request, `${by} rejected plan ${plan.hash}: ${rejected}`);
      status.notes.push(`plan ${plan.hash} approved by ${by}`);
      if (backup !== undefined) status.notes.push(`the newest backup, as ${by} knows it: ${backup}`);
      else if (givesUp(plan)) status.notes.push(`${by} named no backup of what was given up`);
      // Someone thought about it for a while: the world may have changed.
      if (Date.now() - began > 60_000) await checkCluster();
      return true;
    },
    /** Shows another plan, with its checks, and waits for a word on it. Afterwards the first one is shown again. */
    askAnew: async (plan: Plan, checks: Check[]): Promise<Word> => {
      const { plan: firstPlan, checks: firstChecks } = status.view;
      showPlan(plan);
      status.view.checks = worstFirst([...checks, ...status.view.checks]);
      try {
        return await approval.ask(plan);
      } finally {
        if (firstPlan) status.view.plan = firstPlan;
        status.view.checks = firstChecks;
        status.publish();
      }
    },
    /** From now on the operation changes the cluster. */
    act: (): void => {
      status.phase = 'running';
      status.publish();
    },

    /** Lowers settings and copies reference tables; {@link move} does it where a procedure doesn't show it as a step. */
    readyToMove: (round: PlannedMoves): Promise<void> => movement.prepare(request, round),
    /** @param how the request, where these moves are to be made otherwise than it says */
    move: (round: PlannedMoves, how: OperationRequest = request): Promise<void> => movement.run(how, round),
    /** Waits until data may move: for what only makes sense together with its movement. */
    untilOpen: (): Promise<void> => movement.windows.untilOpen(request),
    /** Does what can't be undone, see no-return.ts. */
    passNoReturn: <T>(point: NoReturn, work: (isNow: (left: HowLeft) => void) => Promise<T>): Promise<T> =>
      passNoReturn(status, point, work),

    set: (result: Partial<Pick<OperationReport, 'before' | 'after' | 'removed'>>): void => {
      Object.assign(status.view, result);
    },
    /** Shows what a verification came to. */
    verified: (
      step: Step,
      { after, notes, detail }: { after: Balance; notes: string[]; detail: string },
    ): void => {
      status.view.after = after;
      status.notes.push(...notes);
      step.detail = detail;
    },
  };
}
