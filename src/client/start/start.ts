import { WorkflowExecutionAlreadyStartedError, WorkflowIdReusePolicy } from '@temporalio/client';
import {
  problemLine,
  taskQueue,
  type OperationInputs,
  type OperationType,
  type PartialDetails,
} from '../../contract/index.js';
import { request, type Context } from '../temporal/context.js';
import { describeOperation } from '../describe.js';
import { OperationError, UnknownOperationError } from '../errors.js';
import { firstInput } from './first-input.js';
import { operationId } from './ids.js';
import { summaryOf } from './summary.js';

/** How to start an operation. */
export interface StartOptions {
  /** The operation's id, an idempotency key: open with equal input → attached to; anything else → `InvalidInput`. */
  id?: string;
}

/** The operation that a start led to. */
export interface StartResult {
  id: string;
  /** False when an operation that was open already was attached to. */
  started: boolean;
}

/**
 * Starts an operation, or attaches to the one of the same id.
 * @throws OperationError `InvalidInput`, when the input or the id makes no sense
 */
export async function startOperation<Type extends OperationType>(
  context: Context,
  type: Type,
  rawInput: OperationInputs[Type],
  options: StartOptions,
): Promise<StartResult> {
  // Loaded here: following an operation needs no schemas, and commands start faster without.
  const { checkInput } = await import('./input.js');
  const input = checkInput(type, rawInput);
  const id = options.id ?? operationId(input.cluster, type);
  checkId(id);
  try {
    await request(context, () =>
      context.client.workflow.start(type, {
        workflowId: id,
        taskQueue,
        args: [input],
        workflowIdReusePolicy: WorkflowIdReusePolicy.REJECT_DUPLICATE,
        staticSummary: summaryOf(type, input),
      }),
    );
    return { id, started: true };
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    await attach(context, type, id, input);
    return { id, started: false };
  }
}

function checkId(id: string): void {
  if (id.trim() !== '' && Buffer.byteLength(id) <= 1_000) return;
  throw wrongId('must be 1 to 1000 bytes long', { evidence: [`id: "${id}"`] });
}

/** @throws OperationError `InvalidInput` unless the id is of an open operation that was asked for with the same input. */
async function attach<Type extends OperationType>(
  context: Context,
  type: Type,
  id: string,
  input: OperationInputs[Type],
): Promise<void> {
  const operation = await describeOperation(context, id).catch((error: unknown) => {
    if (error instanceof UnknownOperationError)
      throw takenId(id, input.cluster, 'it is the id of no operation');
    throw error;
  });
  if (!operation.open) {
    const endedAt = operation.description.closeTime?.toISOString() ?? 'earlier';
    throw takenId(id, input.cluster, `it is the id of an operation that ended (${endedAt})`);
  }
  const theirType: string = operation.type;
  if (theirType !== type) {
    throw takenId(id, input.cluster, `it is the id of an open ${operation.type}`);
  }
  const theirs = await firstInput(context, id, operation.description.runId);
  const { sameInput } = await import('./input.js');
  if (!sameInput(type, theirs, input)) {
    throw takenId(id, input.cluster, `the operation is open, with another input: ${JSON.stringify(theirs)}`);
  }
}

function takenId(id: string, cluster: string, why: string): OperationError {
  return wrongId(`${id} is taken: ${why}`, {
    cluster,
    evidence: [why],
    remedies: ['choose another id, or leave it out: an id stands for one operation for ever'],
  });
}

function wrongId(text: string, details: PartialDetails): OperationError {
  const problem = { field: 'id', text };
  return new OperationError('InvalidInput', `${problemLine(problem)}.`, { ...details, problems: [problem] });
}
