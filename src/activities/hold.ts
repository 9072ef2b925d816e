import { activityInfo, cancellationSignal, sleep } from '@temporalio/activity';
import { WorkflowNotFoundError, type Client, type WorkflowExecutionDescription } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import type { OperationType } from '../contract/index.js';
import type { ActivityContext } from './context.js';

export type HoldActivities = ReturnType<typeof holdActivities>;

export interface HolderView {
  workflowId: string;
  runId: string;
  type: OperationType;
}

export type HoldView = { state: 'free' } | { state: 'busy'; holder: HolderView; since: string };

/** Looks at custodians, the workflows that hold a cluster. See docs/architecture.md, rule 6. */
export function holdActivities({ client }: ActivityContext) {
  return {
    /**
     * Who holds the cluster? A custodian whose operation has closed, or was an earlier run of the asking one (it was
     * reset), is told to give back what was borrowed; then, as when there is none, the cluster is free.
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
      if (mine && holder.runId === runId) return { state: 'free' };
      await client.workflow.getHandle(holdId, custodian.runId).cancel();
      await ended(client, holdId, custodian.runId);
      return { state: 'free' };
    },

    /** Returns when nobody holds the cluster; promises no order among those who wait. */
    awaitHoldEnd: async ({ holdId }: { holdId: string }): Promise<void> => {
      const custodian = await describe(client, holdId);
      if (custodian?.status.name === 'RUNNING') await ended(client, holdId, custodian.runId);
    },
  };
}

/** Polls rather than long-polls: an attempt that is cancelled or loses its worker leaves nothing behind. */
async function ended(client: Client, holdId: string, runId: string): Promise<void> {
  for (let waitMs = 50; ; waitMs = Math.min(2_000, waitMs * 2)) {
    cancellationSignal().throwIfAborted();
    const now = await describe(client, holdId, runId);
    if (now?.status.name !== 'RUNNING') return;
    await sleep(waitMs);
  }
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
 * @throws HoldLost
 */
export async function assertHeld(client: Client, holdId: string): Promise<void> {
  if (await isHeld(client, holdId)) return;
  throw ApplicationFailure.create({
    type: 'HoldLost',
    message: `the cluster is not held by this operation any more (${holdId})`,
    nonRetryable: true,
  });
}

/**
 * A custodian that was told to give back counts as gone: the operation was terminated, and an activity of it that
 * still runs, which learns of it seconds later, would change things behind the custodian's back.
 */
export async function isHeld(client: Client, holdId: string): Promise<boolean> {
  const custodian = await describe(client, holdId);
  const workflowId = activityInfo().workflowExecution?.workflowId;
  return (
    custodian?.status.name === 'RUNNING' &&
    custodian.raw.workflowExtendedInfo?.cancelRequested !== true &&
    holderOf(custodian).workflowId === workflowId
  );
}

/** Whether any operation holds the cluster. Who can't be asked may say yes: nothing is told as left behind then. */
export async function isAnyHeld(client: Client, holdId: string): Promise<boolean> {
  return describe(client, holdId).then(
    (custodian) => custodian?.status.name === 'RUNNING',
    () => true,
  );
}
