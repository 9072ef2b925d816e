import { cancellationSignal, sleep } from '@temporalio/activity';
import type { Client, WorkflowExecutionDescription } from '@temporalio/client';
import type { ApplicationFailure } from '@temporalio/common';
import type { Check } from '../../contract/index.js';
import { ledgerQuery, lockSignals, type LockHolder } from '../../contract/internal/lock.js';
import { passing } from '../../failures.js';
import { usualStallTimes } from '../moving/stalls/watch.js';
import { patienceSeconds, unlessUnreachable } from '../preflight/unreachable.js';
import { deathOf } from '../rescue/death.js';
import { clusterIn, ownWorkflowId, readSession, type ActivityContext } from '../runtime/context.js';
import { describeWorkflow, holderOf, isLeaving, isRunning } from './keeper.js';
import { readHolderState, type HolderState } from './holder-state.js';
import { readLockId } from './lock-id.js';
import { takeOverFrom } from './take-over.js';

/** The activities of {@link lockActivities}, as workflows call them. */
export type LockActivities = ReturnType<typeof lockActivities>;

/** Milliseconds that who takes over waits for a lock keeper whose operation is gone. */
const takeOverMs = 10_000;

/** The state of a cluster's lock; `since` is ISO 8601 UTC. */
export type LockView =
  | { state: 'free' }
  | { state: 'ours' }
  | { state: 'busy'; holder: LockHolder; since: string; holderIs?: HolderState };

/** Looks at lock keepers, the workflows that hold a cluster's lock. See docs/architecture.md. */
export function lockActivities(context: ActivityContext) {
  const { client, stallTimes = usualStallTimes } = context;
  return {
    /**
     * Reads which server the coordinator is: the id of its lock keeper is made from that. Answers with the check that
     * fails when it can't be reached.
     */
    readLockId: ({ cluster }: { cluster: string }): Promise<string | Check> =>
      unlessUnreachable(patienceSeconds, () => readLockId(clusterIn(context, cluster), readSession('lock'))),

    /**
     * Tells who holds the lock. A keeper whose operation has closed, or was an earlier run of the asking one (it was
     * reset), is cancelled; once it has ended, as when there is none, the cluster is free. Who takes over waits a moment for
     * what it undoes, then has it hand over what is left to people: that may need the dead worker.
     */
    lookAtLock: async ({
      lockId,
      workflowId,
      runId,
      takeOver = false,
    }: {
      lockId: string;
      workflowId: string;
      runId: string;
      takeOver?: boolean;
    }): Promise<LockView> => {
      const keeper = await describeWorkflow(client, lockId);
      if (!keeper || !isRunning(keeper)) return { state: 'free' };
      const holder = holderOf(keeper);
      const isOwn = holder.workflowId === workflowId;
      // Without the run id: after a reset the present run goes on with the operation.
      if (!isOwn && isRunning(await describeWorkflow(client, holder.workflowId))) {
        const holderIs = await readHolderState(client, holder);
        return {
          state: 'busy',
          holder,
          since: keeper.startTime.toISOString(),
          ...(holderIs && { holderIs }),
        };
      }
      if (!isLeaving(keeper)) {
        if (isOwn && holder.runId === runId) return { state: 'ours' };
        await client.workflow.getHandle(lockId, keeper.runId).cancel();
      }
      const patienceMs = takeOver ? takeOverMs : stallTimes.patienceMs;
      if (await awaitEnd(client, keeper, Date.now() + patienceMs)) return { state: 'free' };
      if (takeOver) {
        const handle = client.workflow.getHandle(lockId, keeper.runId);
        await handle.signal(lockSignals.release, holder.workflowId, holder.runId);
        if (await awaitEnd(client, keeper, Date.now() + stallTimes.patienceMs)) return { state: 'free' };
      }
      throw await stillUndoing(client, keeper, holder);
    },

    /**
     * Has the holder give up, where it is stuck at workers that are dead and has not begun what can't be undone. Answers why
     * not, otherwise.
     */
    takeOver: async ({
      cluster,
      holder,
      dead,
    }: {
      cluster: string;
      holder: LockHolder;
      dead: string[];
    }): Promise<string | null> => {
      const [alive] = (await deathOf(clusterIn(context, cluster), dead, 0)).filter(({ ok }) => !ok);
      if (alive) return alive.evidence;
      return (await takeOverFrom(client, holder, dead, ownWorkflowId())) ?? null;
    },

    /** Waits until nobody holds the lock; promises no order among those who wait. */
    awaitLockEnd: async ({ lockId }: { lockId: string }): Promise<void> => {
      const keeper = await describeWorkflow(client, lockId);
      if (keeper && isRunning(keeper)) await awaitEnd(client, keeper);
    },

    /** Tells whether a run of an operation is still going on: its cancelled lock keeper leaves the ledger to it then. */
    isRunOpen: async ({ workflowId, runId }: { workflowId: string; runId: string }): Promise<boolean> =>
      isRunning(await describeWorkflow(client, workflowId, runId)),
  };
}

/**
 * Answers whether a workflow has ended in time. Polls rather than long-polls: an attempt that is cancelled or loses
 * its worker leaves nothing behind.
 */
async function awaitEnd(
  client: Client,
  { workflowId, runId }: WorkflowExecutionDescription,
  deadline = Number.POSITIVE_INFINITY,
): Promise<boolean> {
  for (let waitMs = 50; ; waitMs = Math.min(2_000, waitMs * 2)) {
    cancellationSignal().throwIfAborted();
    if (!isRunning(await describeWorkflow(client, workflowId, runId))) return true;
    if (Date.now() >= deadline) return false;
    await sleep(waitMs);
  }
}

/** Tried again, and told to the operation that waits: see interceptor.ts. */
async function stillUndoing(
  client: Client,
  { workflowId, runId }: WorkflowExecutionDescription,
  holder: LockHolder,
): Promise<ApplicationFailure> {
  const ledger = await client.workflow
    .getHandle(workflowId, runId)
    .query<string[]>(ledgerQuery)
    .catch(() => []);
  const now = await describeWorkflow(client, workflowId, runId);
  const tries = (now?.raw.pendingActivities ?? []).map(
    ({ activityType, attempt, lastFailure }) =>
      `${activityType?.name}, attempt ${attempt}: ${lastFailure?.message ?? 'runs'}`,
  );
  return passing(`the lock keeper ${workflowId} still undoes what ${holder.workflowId} left`, {
    evidence: [
      `lock keeper ${workflowId}, run ${runId}, of ${holder.type} ${holder.workflowId}, which has ended or lost it`,
      ...ledger,
      ...tries,
    ],
    remedies: [
      'bring back the node that is named: the lock keeper goes on by itself, and so does this operation; after five minutes it hands what is left over to a person',
      `or free the cluster and put right by hand what is named: temporal workflow signal --workflow-id '${workflowId}' --name ${lockSignals.release} --input '"${holder.workflowId}"'`,
    ],
  });
}
