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
import { lockActivities, reportActivities, requestActivities } from '../activities.js';
import { createApproval } from './approval.js';
import { createBoard, introduce, type Board } from './status.js';
import { registerControls } from './controls.js';
import { refused } from '../../failures.js';
import { attentionOf, endingFailure } from './failure.js';
import { takeClusterLock } from './cluster-lock.js';
import { createMovement } from '../movement/movement.js';
import { operationOf, type Operation } from './op.js';
import { createCalls } from './calls.js';
import { createUndo, type ClusterLock } from './undo.js';

/** Runs a procedure in the shell that all operations share. See docs/architecture.md. */
export async function operation<Type extends OperationType>(
  type: Type,
  input: unknown,
  procedure: (op: Operation<Type>) => Promise<void>,
): Promise<OperationReport> {
  const startedAt = new Date().toISOString();
  const board = createBoard(type, clusterIn(input));
  const calls = createCalls(board);
  const approval = createApproval(board, calls);
  const undo = createUndo(board, calls);
  const movement = createMovement(board, calls, undo);
  registerControls(board, calls, approval, movement);
  watchForCancel(board);
  board.publish();

  try {
    const request = (await calls.run(requestActivities.checkInput, 'Check the input', {
      type,
      input,
    })) as OperationRequest<Type>;
    introduce(board, request);
    if (request.input.dryRun !== true) {
      request.lockId = await calls.run(lockActivities.readLockId, 'Which server is it?', {
        cluster: request.cluster,
      });
      undo.lock = await takeClusterLock(board, calls, request, undo);
      await undo.endOthers();
    }
    await movement.windows.refresh(request);
    await procedure(operationOf({ board, calls, approval, undo, movement }, request));
    board.phase = 'done';
  } catch (error) {
    await CancellationScope.nonCancellable(async () => {
      await undo.undoAll();
      await close(board, undo.lock, startedAt, isCancellation(error) ? 'cancelled' : 'failed');
    });
    if (isCancellation(error))
      throw new CancelledFailure('The operation was cancelled; status says what was undone');
    throw endingFailure(error) ?? unexpected(board, error);
  }
  return CancellationScope.nonCancellable(() => close(board, undo.lock, startedAt, 'done'));
}

async function close(
  board: Board,
  lock: ClusterLock | undefined,
  startedAt: string,
  phase: 'done' | 'failed' | 'cancelled',
): Promise<OperationReport> {
  await lock?.release();
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
    ...(board.moved.unanswered.length > 0 && { unansweredMoves: board.moved.unanswered.length }),
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
