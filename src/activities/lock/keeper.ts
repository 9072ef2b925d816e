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
