import {
  clusterIn,
  does,
  isOver,
  statusQuery,
  type FailureDetails,
  type OperationFailure,
  type OperationReport,
  type OperationStatus,
} from '../../contract/index.js';
import { request, type Context } from '../temporal/context.js';
import { describeOperation, type DescribedOperation } from '../describe.js';
import { OperationCancelledError, UnreachableError } from '../errors.js';
import { failureOf } from '../failure.js';
import { firstInput } from '../start/first-input.js';
import { liveBatches, liveLoad } from './heartbeats.js';
import { clusterOfId } from '../start/ids.js';
import { withLiveProgress } from './progress.js';
import { explain, isDeadline } from '../temporal/grpc.js';
import { countWorkers, noWorker } from '../temporal/workers.js';

/** A worker that is there answers in milliseconds; one that restarts needs some seconds. */
export const answerTimeoutMs = 6_000;
/** A closed operation can be told without a worker, so the wait for one is short. */
const closedAnswerTimeoutMs = 3_000;

/**
 * An operation's status: its own answer, with what the running moves report live. Of a closed one whose worker is
 * away, what its result or its failure tells.
 */
export async function readStatus(
  context: Context,
  id: string,
  timeoutMs = answerTimeoutMs,
): Promise<OperationStatus> {
  const described = await describeOperation(context, id);
  if (!described.open) return closedStatus(context, id, described);
  const status = await openStatus(context, id, timeoutMs);
  return isOver(status.state) ? endingStatus(context, id, described, status) : status;
}

/**
 * The status of an operation that says how it ends: it keeps its report first, and only when Temporal has closed it is it
 * known why it failed. Where that takes longer than a request, it is what it says.
 */
async function endingStatus(
  context: Context,
  id: string,
  described: DescribedOperation,
  status: OperationStatus,
): Promise<OperationStatus> {
  try {
    return await closedStatus(context, id, described);
  } catch (error) {
    if (error instanceof UnreachableError) return status;
    throw error;
  }
}

async function openStatus(context: Context, id: string, timeoutMs: number): Promise<OperationStatus> {
  const status = await queryStatus(context, id, timeoutMs);
  if (!status.progress && !mayCopy(status)) return status;
  // Looked at after the query: a batch that ends in between is then missed for a moment, never counted twice.
  const { description } = await describeOperation(context, id);
  const figures = status.governor && liveLoad(description);
  return {
    ...withLiveProgress(status, liveBatches(description)),
    ...(status.governor && figures && { governor: { ...status.governor, figures } }),
  };
}

/** Before its first move an operation has no progress of its own, and copies reference tables. */
function mayCopy({ state }: OperationStatus): boolean {
  return state === 'running' || state === 'needs-attention' || state === 'paused';
}

async function queryStatus(context: Context, id: string, timeoutMs: number): Promise<OperationStatus> {
  const { client, target } = context;
  try {
    const deadline = Date.now() + timeoutMs;
    const handle = client.workflow.getHandle(id);
    return await client.connection.withDeadline(deadline, () => handle.query<OperationStatus>(statusQuery));
  } catch (error) {
    const described = explain(error, target);
    // Temporal answered a moment ago, so it is the worker that doesn't answer now.
    if (described instanceof UnreachableError && !isDeadline(error)) throw described;
    const why = isDeadline(error) ? '' : `: ${reason(error)}`;
    const evidence = `${id} didn't answer within ${timeoutMs / 1_000} s${why}`;
    const remedies = [
      does('status', 'the operation stays open and goes on with the next worker; then see how far it is', {
        operation: id,
      }),
    ];
    throw noWorker(evidence, remedies, (await countWorkers(client, target)) > 0 ? 'likely' : 'unlikely');
  }
}

function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}

async function closedStatus(
  context: Context,
  id: string,
  described: DescribedOperation,
): Promise<OperationStatus> {
  const handle = context.client.workflow.getHandle(id);
  try {
    return await request(context, () => handle.result() as Promise<OperationReport>);
  } catch (error) {
    const failure = failureOf(error, id);
    if (!failure) throw error;
    const state = failure instanceof OperationCancelledError ? 'cancelled' : 'failed';
    const last = await lastStatus(context, id, described);
    const { type, message, details } = failure;
    if (state === 'cancelled') return { ...last, state };
    return {
      ...last,
      state,
      failure: last.failure ?? { type, message, ...failureIn(details) },
    };
  }
}

function failureIn({
  evidence,
  remedies,
  problems,
}: FailureDetails): Omit<OperationFailure, 'type' | 'message'> {
  return { evidence, remedies, ...(problems && { problems }) };
}

/** What a closed operation still says of itself, or the little that Temporal knows when no worker can ask it. */
async function lastStatus(
  context: Context,
  id: string,
  { type }: DescribedOperation,
): Promise<OperationStatus> {
  try {
    return await queryStatus(context, id, closedAnswerTimeoutMs);
  } catch (error) {
    if (!(error instanceof UnreachableError) || error.what !== 'worker') throw error;
    const cluster = clusterOfId(id) ?? clusterIn(await firstInput(context, id)) ?? '';
    return { operation: id, type, cluster, state: 'failed', steps: [], checks: [] };
  }
}
