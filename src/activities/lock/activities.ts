import { activityInfo, cancellationSignal, sleep } from '@temporalio/activity';
import { WorkflowNotFoundError, type Client, type WorkflowExecutionDescription } from '@temporalio/client';
import type { ApplicationFailure } from '@temporalio/common';
import { custodyQuery, type OperationType } from '../../contract/index.js';
import { lockLost, passing } from '../../failures.js';
import type { ActivityContext } from '../runtime/context.js';
import { usualStallTimes } from '../moving/stalls/watch.js';

export type LockActivities = ReturnType<typeof lockActivities>;

export interface HolderView {
  workflowId: string;
  runId: string;
  type: OperationType;
}

export type HoldView = { state: 'free' } | { state: 'busy'; holder: HolderView; since: string };

/** Looks at custodians, the workflows that hold a cluster. See docs/architecture.md, rule 6. */
export function lockActivities({ client, stallTimes = usualStallTimes }: ActivityContext) {
  return {
    /**
     * Who holds the cluster? A custodian whose operation has closed, or was an earlier run of the asking one (it was
     * reset), is told to give back what was borrowed; once it has, as when there is none, the cluster is free.
     */
    lookAtHold: async ({
      holdId,
      workflowId,
      runId,
    }: {
      holdId: string;
      workflowId: string;
      runId: string;
    }): Promise<HoldView> => {
      const custodian = await describe(client, holdId);
      if (custodian?.status.name !== 'RUNNING') return { state: 'free' };
      const holder = holderOf(custodian);
      const mine = holder.workflowId === workflowId;
      if (!mine && (await isRunning(client, holder))) {
        return { state: 'busy', holder, since: custodian.startTime.toISOString() };
      }
      if (!isLeaving(custodian)) {
        if (mine && holder.runId === runId) return { state: 'free' };
        await client.workflow.getHandle(holdId, custodian.runId).cancel();
      }
      if (await ended(client, custodian, Date.now() + stallTimes.patienceMs)) return { state: 'free' };
      throw await stillGivingBack(client, custodian, holder);
    },

    /** Returns when nobody holds the cluster; promises no order among those who wait. */
    awaitHoldEnd: async ({ holdId }: { holdId: string }): Promise<void> => {
      const custodian = await describe(client, holdId);
      if (custodian?.status.name === 'RUNNING') await ended(client, custodian);
    },
  };
}

/**
 * Answers whether a workflow has ended in time. Polls rather than long-polls: an attempt that is cancelled or loses
 * its worker leaves nothing behind.
 */
async function ended(
  client: Client,
  { workflowId, runId }: WorkflowExecutionDescription,
  deadline = Number.POSITIVE_INFINITY,
): Promise<boolean> {
  for (let waitMs = 50; ; waitMs = Math.min(2_000, waitMs * 2)) {
    cancellationSignal().throwIfAborted();
    const now = await describe(client, workflowId, runId);
    if (now?.status.name !== 'RUNNING') return true;
    if (Date.now() >= deadline) return false;
    await sleep(waitMs);
  }
}

/** Tried again, and told to the operation that waits: see interceptor.ts. */
async function stillGivingBack(
  client: Client,
  { workflowId, runId }: WorkflowExecutionDescription,
  holder: HolderView,
): Promise<ApplicationFailure> {
  const custody = await client.workflow
    .getHandle(workflowId, runId)
    .query<string[]>(custodyQuery)
    .catch(() => []);
  const now = await describe(client, workflowId, runId);
  const tries = (now?.raw.pendingActivities ?? []).map(
    ({ activityType, attempt, lastFailure }) =>
      `${activityType?.name}, attempt ${attempt}: ${lastFailure?.message ?? 'runs'}`,
  );
  const evidence = [
    `custodian ${workflowId}, run ${runId}, of ${holder.type} ${holder.workflowId}, which has ended or lost it`,
    ...custody,
    ...tries,
  ];
  const remedies = [
    'bring back the node that is named: the custodian goes on by itself, and so does this operation',
    `or free the cluster and put right by hand what is named: temporal workflow signal --workflow-id '${workflowId}' --name release --input '"${holder.workflowId}"'`,
  ];
  const message = `the custodian ${workflowId} still gives back what ${holder.workflowId} borrowed`;
  return passing(message, { evidence, remedies });
}

/** Whether it was told to give back: its operation was terminated, say, or somebody cancelled it. */
function isLeaving({ raw }: WorkflowExecutionDescription): boolean {
  return raw.workflowExtendedInfo?.cancelRequested === true;
}

async function isRunning(client: Client, { workflowId }: HolderView): Promise<boolean> {
  // Without the run id: after a reset the present run goes on with the operation.
  return (await describe(client, workflowId))?.status.name === 'RUNNING';
}

async function describe(
  client: Client,
  workflowId: string,
  runId?: string,
): Promise<WorkflowExecutionDescription | undefined> {
  try {
    return await client.workflow.getHandle(workflowId, runId).describe();
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return undefined;
    throw error;
  }
}

function holderOf({ memo }: WorkflowExecutionDescription): HolderView {
  return (memo?.['holder'] ?? { workflowId: 'unknown', runId: '', type: 'scaleOut' }) as HolderView;
}

/**
 * Refuses to act when the cluster isn't held by the running activity's operation: after a reset, or when someone
 * ended the hold, another operation may be at work.
 * @throws LockLost
 */
export async function assertHeld(client: Client, holdId: string): Promise<void> {
  if (await isHeld(client, holdId)) return;
  throw lockLost(holdId);
}

/**
 * A custodian that was told to give back counts as gone: the operation was terminated, and an activity of it that
 * still runs, which learns of it seconds later, would change things behind the custodian's back. One of an earlier run
 * doesn't count either: after a reset it goes on, but Temporal would not tell it of the end of the present run.
 */
export async function isHeld(client: Client, holdId: string): Promise<boolean> {
  const custodian = await describe(client, holdId);
  if (custodian?.status.name !== 'RUNNING' || isLeaving(custodian)) return false;
  const holder = holderOf(custodian);
  const own = activityInfo().workflowExecution;
  return holder.workflowId === own?.workflowId && holder.runId === own.runId;
}

/**
 * Whether what the running attempt did may stay: the cluster is still held, and Temporal still waits for this attempt.
 * One that was frozen for long has been replaced, and the operation may be past what it was to do.
 */
export async function mayStay(client: Client, holdId: string): Promise<boolean> {
  const { workflowExecution, activityId, attempt } = activityInfo();
  const run =
    workflowExecution && (await describe(client, workflowExecution.workflowId, workflowExecution.runId));
  const isAwaited = (run?.raw.pendingActivities ?? []).some(
    (each) => each.activityId === activityId && each.attempt === attempt,
  );
  return isAwaited && (await isHeld(client, holdId));
}

/** Whether any operation holds the cluster. Who can't be asked may say yes: nothing is told as left behind then. */
export async function isAnyHeld(client: Client, holdId: string): Promise<boolean> {
  return describe(client, holdId).then(
    (custodian) => custodian?.status.name === 'RUNNING',
    () => true,
  );
}
