import { WorkflowNotFoundError, type WorkflowExecutionDescription } from '@temporalio/client';
import { does, isOperationType, type OperationType } from '../contract/index.js';
import { request, type Context } from './temporal/context.js';
import { UnknownOperationError } from './errors.js';
import { isNotFound } from './temporal/grpc.js';

/** An operation's workflow as Temporal sees it, with its type narrowed. */
export interface DescribedOperation {
  type: OperationType;
  open: boolean;
  description: WorkflowExecutionDescription;
}

/** The workflow with this id as Temporal knows it, or undefined when there is none. */
export async function findWorkflow(
  context: Context,
  id: string,
): Promise<WorkflowExecutionDescription | undefined> {
  try {
    return await request(context, () => context.client.workflow.getHandle(id).describe());
  } catch (error) {
    if (error instanceof WorkflowNotFoundError || isNotFound(error)) return undefined;
    throw error;
  }
}

/**
 * The operation with this id as Temporal knows it.
 * @throws {@link UnknownOperationError}
 */
export async function describeOperation(context: Context, id: string): Promise<DescribedOperation> {
  const description = await findWorkflow(context, id);
  if (!description) {
    throw new UnknownOperationError(
      `There is no operation ${id}.`,
      [],
      [does('list', 'see all of them', { all: true })],
    );
  }
  const { type } = description;
  if (!isOperationType(type)) {
    throw new UnknownOperationError(`${id} is a workflow of type ${type}, not an operation.`);
  }
  return { type, open: isOpen(description), description };
}

/** Whether a workflow hasn't ended. */
export function isOpen({ status }: WorkflowExecutionDescription): boolean {
  return status.name === 'RUNNING' || status.name === 'PAUSED' || status.name === 'CONTINUED_AS_NEW';
}
