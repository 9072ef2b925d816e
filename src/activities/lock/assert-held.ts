import { activityInfo } from '@temporalio/activity';
import type { Client } from '@temporalio/client';
import { entriesQuery, type LockHolder } from '../../contract/internal/lock.js';
import { lockLost } from '../../failures.js';
import { describeWorkflow, holderOf, isLeaving, isRunning } from './keeper.js';

/**
 * Refuses to act when the cluster's lock isn't held by the running activity's workflow (after a reset, or when someone
 * ended the lock keeper, another operation may be at work), or when Temporal waits for another attempt: one that was
 * frozen for long has been replaced, and the operation may be past what it was to do. Asked with the session open in
 * which the effect follows: whoever undoes it later finds that session, and ends it first.
 *
 * @throws LockLost
 */
export async function assertHeld(client: Client, lockId: string): Promise<void> {
  if (!(await mayAct(client, lockId))) throw lockLost(lockId);
}

/**
 * Whether what the running attempt has made is still wanted: it may change the cluster, or the ledger has the entry
 * still. Another attempt, or after a reset another run, may go on with it then.
 */
export async function isStillWanted(client: Client, lockId: string, entryId: string): Promise<boolean> {
  if (await mayAct(client, lockId)) return true;
  const keeper = await describeWorkflow(client, lockId);
  if (!keeper || !isRunning(keeper) || isLeaving(keeper)) return false;
  const entries = await client.workflow.getHandle(lockId, keeper.runId).query<string[]>(entriesQuery);
  return entries.includes(entryId);
}

/** Whether the running attempt may change the cluster. */
async function mayAct(client: Client, lockId: string): Promise<boolean> {
  const [isHolder, isCurrent] = await Promise.all([isHeld(client, lockId), isAwaited(client)]);
  return isHolder && isCurrent;
}

/** Whether Temporal waits for the running attempt. */
async function isAwaited(client: Client): Promise<boolean> {
  const { workflowExecution, activityId, attempt } = activityInfo();
  const run =
    workflowExecution &&
    (await describeWorkflow(client, workflowExecution.workflowId, workflowExecution.runId));
  return (run?.raw.pendingActivities ?? []).some(
    (each) => each.activityId === activityId && each.attempt === attempt,
  );
}

/**
 * Whether the running activity's workflow holds the lock. A lock keeper that was cancelled counts as gone: the
 * operation was terminated, and an activity of it that still runs, which learns of it seconds later, would change things
 * behind the keeper's back. One of an earlier run doesn't count either: after a reset it goes on, but Temporal would
 * not tell it of the end of the present run. The keeper's own activities undo what its operation left.
 */
export async function isHeld(client: Client, lockId: string): Promise<boolean> {
  const own = activityInfo().workflowExecution;
  if (own?.workflowId === lockId) return true;
  const keeper = await describeWorkflow(client, lockId);
  if (!keeper || !isRunning(keeper) || isLeaving(keeper)) return false;
  const holder = holderOf(keeper);
  return holder.workflowId === own?.workflowId && holder.runId === own.runId;
}

/** Who holds a lock. Where Temporal can't be asked it may be held: nothing is told as left behind then. */
export type Holding = LockHolder | 'nobody' | 'unknown';

/** Reads who holds a lock. */
export async function readHolding(client: Client, lockId: string): Promise<Holding> {
  try {
    const keeper = await describeWorkflow(client, lockId);
    return keeper && isRunning(keeper) ? holderOf(keeper) : 'nobody';
  } catch {
    return 'unknown';
  }
}
