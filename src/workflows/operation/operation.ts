import {
  allHandlersFinished,
  CancellationScope,
  CancelledFailure,
  condition,
  isCancellation,
} from '@temporalio/workflow';
import { does, type OperationReport, type OperationType } from '../../contract/index.js';
import type { OperationRequest } from '../../contract/internal/request.js';
import { fitReport } from '../../planning/fit.js';
import { reportActivities, requestActivities } from '../activities.js';
import { createApproval } from './approval.js';
import { createBoard, introduce, type Board } from './status.js';
import { stopLost, undoAll, type Undo } from './undo.js';
import { registerControls } from './controls.js';
import { refused } from '../../failures.js';
import { attentionOf, endingFailure } from './failure.js';
import { acquireHold, type Hold } from './cluster-lock.js';
import { createMovement } from '../movement/movement.js';
import { operationOf, type Operation } from './op.js';
import { createCalls } from './calls.js';
import { createService } from './service.js';
import { windowFits } from '../movement/windows.js';

/** Runs a procedure in the shell that all operations share. See docs/architecture.md. */
export async function operation<Type extends OperationType>(
  type: Type,
  input: unknown,
  procedure: (op: Operation<Type>) => Promise<void>,
): Promise<OperationReport> {
  const startedAt = new Date().toISOString();
  const board = createBoard(type, clusterIn(input));
  const caller = createCalls(board);
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
    ...(board.moved.unanswered > 0 && { unansweredMoves: board.moved.unanswered }),
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
  return refused('RecoveryRequired', problem, {
    cluster: board.status.cluster,
    evidence: [evidence, ...(board.left?.evidence ?? [])],
    remedies: [
      ...remedies,
      ...(board.left?.remedies ?? []),
      does('status', 'look at its steps for how far it came', { operation: board.status.operation }),
    ],
  });
}

/** For what is shown before the input was checked: whatever came may be anything. */
function clusterIn(input: unknown): string {
  const cluster =
    typeof input === 'object' && input !== null && 'cluster' in input ? input.cluster : undefined;
  return typeof cluster === 'string' ? cluster.slice(0, 64) : '';
}
