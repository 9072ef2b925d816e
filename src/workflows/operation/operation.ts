import {
  allHandlersFinished,
  CancellationScope,
  CancelledFailure,
  condition,
  isCancellation,
} from '@temporalio/workflow';
import {
  clusterIn,
  does,
  updateNames,
  type Action,
  type MovesByMode,
  type OperationReport,
  type OperationType,
  type Remedy,
} from '../../contract/index.js';
import type { OperationRequest } from '../../contract/internal/request.js';
import { startAgain } from '../../contract/internal/start-again.js';
import { fitReport } from '../../planning/fit.js';
import { lockActivities, reportActivities, requestActivities } from '../activities.js';
import { createApproval } from './approval.js';
import { createStatus, introduce, type Status } from './status.js';
import { registerControls } from './controls.js';
import { refused } from '../../failures.js';
import { attentionOf, endingFailure } from './failure.js';
import { takeClusterLock } from './cluster-lock.js';
import { createMovement } from '../movement/movement.js';
import { createOperation, type GoOnAs, type Operation } from './op.js';
import { createCalls, type Calls } from './calls.js';
import { blockedBy } from './checks.js';
import { createUndo, type ClusterLock } from './undo.js';

/** Runs a procedure in the shell that all operations share. See docs/architecture.md. */
export async function operation<Type extends OperationType>(
  type: Type,
  input: unknown,
  procedure: (op: Operation<Type>, goOnAs: GoOnAs) => Promise<void>,
): Promise<OperationReport> {
  const startedAt = new Date().toISOString();
  const status = createStatus(type, clusterIn(input)?.slice(0, 64) ?? '');
  const calls = createCalls(status);
  const approval = createApproval(status, calls);
  const undo = createUndo(status, calls);
  const movement = createMovement(status, calls, undo);
  registerControls(status, calls, approval, movement);
  watchForCancel(status);
  status.publish();

  try {
    const request = await readRequest(calls, type, input);
    introduce(status, request);
    if (request.input.dryRun !== true) {
      request.lockId = await readLockId(status, calls, request.cluster);
      undo.lock = await takeClusterLock(status, calls, request, undo);
      await undo.endEarlier();
    }
    await movement.windows.refresh(request);
    const parts = { status, calls, approval, undo, movement };
    await procedure(createOperation(parts, request), async (otherType, otherInput) => {
      const other = await readRequest(calls, otherType, otherInput);
      other.lockId = request.lockId;
      status.request = other;
      await movement.windows.refresh(other);
      return createOperation(parts, other);
    });
    status.phase = 'done';
  } catch (error) {
    await CancellationScope.nonCancellable(async () => {
      await undo.undoAll();
      await close(status, undo.lock, startedAt, isCancellation(error) ? 'cancelled' : 'failed');
    });
    if (isCancellation(error))
      throw new CancelledFailure('The operation was cancelled; status says what was undone');
    throw endingFailure(error) ?? unexpectedFailure(status, error);
  }
  return CancellationScope.nonCancellable(() => close(status, undo.lock, startedAt, 'done'));
}

/** Checks the input, and applies the config to it. */
async function readRequest<Type extends OperationType>(
  calls: Calls,
  type: Type,
  input: unknown,
): Promise<OperationRequest<Type>> {
  return (await calls.run(requestActivities.checkInput, 'Check the input', {
    type,
    input,
  })) as OperationRequest<Type>;
}

/** Reads the id of the cluster's lock keeper. Throws PreflightRefused when the coordinator can't be reached. */
async function readLockId(status: Status, calls: Calls, cluster: string): Promise<string> {
  const answer = await calls.run(lockActivities.readLockId, 'Which server is it?', { cluster });
  if (typeof answer === 'string') return answer;
  status.view.checks = [answer];
  throw blockedBy(cluster, answer);
}

async function close(
  status: Status,
  lock: ClusterLock | undefined,
  startedAt: string,
  phase: 'done' | 'failed' | 'cancelled',
): Promise<OperationReport> {
  await lock?.release();
  status.phase = phase;
  status.troubles.clear();
  for (const step of status.view.steps) if (step.state === 'pending') step.state = 'skipped';
  status.publish();
  const report = fitReport({
    ...status.view,
    startedAt,
    endedAt: new Date().toISOString(),
    movedBytes: status.moved.bytes,
    movedShardGroups: status.moved.shardGroups,
    ...(status.moved.shardGroups > 0 && { movedByMode: byMode(status) }),
    ...(status.moved.stall && { longestStall: status.moved.stall }),
    ...(status.moved.unanswered.length > 0 && { unansweredMoves: status.moved.unanswered.length }),
    notes: status.notes.slice(0, 200),
  });
  status.view = report;
  if (status.request?.keepsReports) {
    try {
      await reportActivities.keepReport.executeWithOptions({ summary: 'Keep the report' }, [{ report }]);
    } catch {
      status.notes.push('the report could not be kept as a file');
    }
  }
  await condition(allHandlersFinished);
  return report;
}

function byMode({ moved }: Status): MovesByMode {
  return { logical: moved.shardGroups - moved.blocking, blocking: moved.blocking };
}

/** A cancel is heard once; the status shows it at once, whatever is being done. */
function watchForCancel(status: Status): void {
  CancellationScope.current().cancelRequested.catch(() => {
    const requestedAt = new Date().toISOString();
    const { pointOfNoReturn: point } = status.view;
    status.view.cancel = point?.last ? { requestedAt, refused: point.why } : { requestedAt };
    status.publish();
  });
}

/** What a closed operation doesn't hear any more. */
const whileOpen: readonly Action[] = [...updateNames, 'cancel'];

function anew({ request }: Status): Remedy[] {
  return request
    ? [startAgain(request, 'start the operation again: what is done already is seen, and stays done')]
    : [];
}

function unexpectedFailure(status: Status, error: unknown): Error {
  const { problem, evidence, remedies } = attentionOf(error);
  return refused('RecoveryRequired', problem, {
    cluster: status.view.cluster,
    evidence: [evidence, ...(status.howLeft?.evidence ?? [])],
    remedies: [
      ...remedies.filter(({ action }) => action === undefined || !whileOpen.includes(action)),
      ...(status.howLeft?.remedies ?? anew(status)),
      does('status', 'look at its steps for how far it came', { operation: status.view.operation }),
    ],
  });
}
