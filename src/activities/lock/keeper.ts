import { WorkflowNotFoundError, type Client, type WorkflowExecutionDescription } from '@temporalio/client';
import type { LockHolder } from '../../contract/internal/lock.js';

/** A lock keeper, or another workflow, as Temporal describes it; undefined when there is none. */
export async function describeWorkflow(
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

/** Whether the workflow is there and has not closed. */
export function isRunning(description: WorkflowExecutionDescription | undefined): boolean {
  return description?.status.name === 'RUNNING';
}

/** Whether a cancel of it was asked for: its operation was terminated, say, or somebody cancelled it. */
export function isLeaving({ raw }: WorkflowExecutionDescription): boolean {
  return raw.workflowExtendedInfo?.cancelRequested === true;
}

/** The operation that holds the lock, from the memo of its lock keeper. */
export function holderOf({ memo }: WorkflowExecutionDescription): LockHolder {
  return (memo?.['holder'] ?? {
    workflowId: 'unknown',
    runId: '',
    type: 'scaleOut',
    cluster: '',
  }) as LockHolder;
}

/** Holders that are looked for: what earlier ones left is over long since. */
const holders = 20;

/** Workflow ids of those who held a lock last, as Temporal's list has them, the present one included. */
export async function earlierHolders(client: Client, lockId: string): Promise<string[]> {
  const ids = new Set<string>();
  let looks = 0;
  for await (const { memo } of client.workflow.list({ query: `WorkflowId = '${lockId}'` })) {
    const holder = memo?.['holder'] as LockHolder | undefined;
    if (holder) ids.add(holder.workflowId);
    looks += 1;
    if (looks >= holders) break;
  }
  return [...ids];
}
