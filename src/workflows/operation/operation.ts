import {
  allHandlersFinished,
  CancellationScope,
  CancelledFailure,
  condition,
  isCancellation,
  sleep,
  workflowInfo,
} from '@temporalio/workflow';
import type {
  BorrowedSetting,
  Check,
  OperationReport,
  OperationType,
  Plan,
  Step,
} from '../../contract/index.js';
import type { OperationRequest } from '../../contract/request.js';
import type { PackedMoves } from '../../planning/planned-moves.js';
import { checkActivities, reportActivities, requestActivities } from './activities.js';
import { createApproval } from './approval.js';
import { announceSteps, createBoard, introduce, runStep, skipStep, type Board } from './board.js';
import { registerControls } from './controls.js';
import { attentionOf, endingFailure, operationFailure } from './failure.js';
import { acquireHold, type Hold } from './hold.js';
import { createMovement } from './movement.js';
import { createCaller, type Caller } from './persist.js';

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
  /** Adds checks made later, and refuses on a blocker. */
  checked: (checks: Check[]) => void;
  /** Shows the plan and, where approval is required, waits for it. */
  approval: (plan: Plan) => Promise<void>;
  showPlan: (plan: Plan) => void;
  /** From now on the operation changes the cluster. */
  act: () => void;
  move: (packed: PackedMoves) => Promise<void>;
  /** What the movements borrowed, and have given back. */
  wasBorrowed: () => BorrowedSetting[];
  /** What undoes a step when the operation is cancelled or fails; last registered, first run. Register it before the step. */
  onStop: (name: string, undo: () => Promise<void>) => void;
  set: (result: Partial<Pick<OperationReport, 'before' | 'after'>>) => void;
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
  const undo: { name: string; run: () => Promise<void> }[] = [];
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
    const held = hold;
    await procedure(
      operationOf(board, caller, request, approval, undo, {
        move: async (packed) => {
          if (held) await movement.run(request, held, packed);
        },
        wasBorrowed: movement.wasBorrowed,
      }),
    );
    board.phase = 'done';
  } catch (error) {
    await CancellationScope.nonCancellable(async () => {
      // Settings first: machines that are stopped next could not give them back any more.
      const giveBack = { name: 'give back the borrowed settings', run: async () => movement.giveBack(hold) };
      await cleanUp(board, caller, [...undo, giveBack]);
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
  undo: { name: string; run: () => Promise<void> }[],
  movement: Pick<Operation<Type>, 'move' | 'wasBorrowed'>,
): Operation<Type> {
  const dryRun = request.input.dryRun === true;
  const refuse = (checks: Check[]): void => {
    const blockers = checks.filter(({ severity, ok }) => severity === 'blocker' && !ok);
    if (blockers.length === 0 || dryRun) return;
    const foreign = blockers.find(({ id }) => id === 'foreign-job');
    throw operationFailure(
      foreign ? 'ForeignJobRunning' : 'PreflightRefused',
      foreign
        ? `${request.cluster} is being changed by someone else: ${foreign.evidence}`
        : refusal(request.cluster, blockers),
      {
        cluster: request.cluster,
        evidence: blockers.map(({ id, evidence }) => `${id}: ${evidence}`),
        remedies: blockers.flatMap(({ remedy }) => remedy ?? []),
      },
    );
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
    checked: (checks) => {
      board.status.checks = [...board.status.checks, ...checks].sort((a, b) => weight(b) - weight(a));
      refuse(checks);
    },
    showPlan: (plan) => {
      board.status.plan = plan;
      board.publish();
    },
    approval: async (plan) => {
      if (request.approval === 'auto') return;
      const asked = Date.now();
      const by = await approval.ask(plan);
      board.notes.push(`plan ${plan.hash} approved by ${by}`);
      // Someone thought about it for a while: the world may have changed.
      if (Date.now() - asked > 60_000) await preflight();
    },
    act: () => {
      board.phase = 'running';
      board.publish();
    },
    ...movement,
    onStop: (name, run) => undo.push({ name, run }),
    set: (result) => Object.assign(board.status, result),
  };
}

/** The order in which checks are shown: what blocks first, what passed last. */
function weight({ severity, ok }: Check): number {
  return ok ? 0 : { blocker: 3, warning: 2, info: 1 }[severity];
}

function refusal(cluster: string, blockers: Check[]): string {
  const [first] = blockers;
  const more = blockers.length > 1 ? ` (and ${blockers.length - 1} more)` : '';
  return `${cluster} isn't ready: ${first ? `${first.id}: ${first.evidence}` : ''}${more}`;
}

/** Undoes, last first. When given up, what can't be undone within a few seconds is said instead. */
async function cleanUp(
  board: Board,
  caller: Caller,
  undo: { name: string; run: () => Promise<void> }[],
): Promise<void> {
  for (const { name, run } of [...undo].reverse()) {
    try {
      const work = run();
      const late = sleepOnceGivenUp(caller);
      if ((await Promise.race([work.then(() => 'done' as const), late])) === 'late') {
        work.catch(() => undefined);
        board.notes.push(`not done, given up: ${name}`, ...whatRemains(board));
      }
    } catch (error) {
      board.notes.push(`not done: ${name}: ${attentionOf(error).problem}`, ...whatRemains(board));
    }
  }
}

async function sleepOnceGivenUp(caller: Caller): Promise<'late'> {
  await condition(() => caller.givenUp);
  await sleep('5s');
  return 'late';
}

/** The SQL that gives back by hand what the clean-up could not. */
function whatRemains({ status }: Board): string[] {
  return (status.borrowed ?? []).map(({ node, name, before }) =>
    before === null
      ? `on ${node} still to do: ALTER SYSTEM RESET ${name}; SELECT pg_reload_conf();`
      : `on ${node} still to do: ALTER SYSTEM SET ${name} = '${before}'; SELECT pg_reload_conf();`,
  );
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
  const report: OperationReport = {
    ...board.status,
    startedAt,
    endedAt: new Date().toISOString(),
    movedBytes: board.moved.bytes,
    movedShardGroups: board.moved.shardGroups,
    notes: board.notes.slice(0, 200),
  };
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
    board.status.cancel = { requestedAt: new Date().toISOString() };
    board.publish();
  });
}

function unexpected(board: Board, error: unknown): Error {
  const { problem, evidence, remedies } = attentionOf(error);
  return operationFailure('RecoveryRequired', problem, {
    cluster: board.status.cluster,
    evidence: [evidence],
    remedies: [...remedies, 'look at the steps in the status for how far it came'],
  });
}

/** For what is shown before the input was checked: whatever came may be anything. */
function clusterIn(input: unknown): string {
  const cluster =
    typeof input === 'object' && input !== null && 'cluster' in input ? input.cluster : undefined;
  return typeof cluster === 'string' ? cluster.slice(0, 64) : '';
}
