import {
  ApplicationFailure,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
  WorkflowUpdateStage,
} from '@temporalio/client';
import {
  isErrorType,
  updateNames,
  type updates,
  type UpdateArgs,
  type UpdateName,
} from '../contract/index.js';
import type { Context } from './context.js';
import { describeOperation } from './describe.js';
import { UpdateRejectedError } from './errors.js';
import { explained } from './grpc.js';
import { answerTimeoutMs } from './status.js';
import { noWorker } from './workers.js';

/** How long an accepted update may take: pausing at once waits for the running moves to stop. */
const outcomeTimeoutMs = 60_000;

/** A method for each update. @throws UpdateRejectedError with the sentence that says what state the operation is in */
type UpdateMethods = {
  [Name in keyof typeof updates]: (args: UpdateArgs[Name]) => Promise<void>;
};

class Steered {
  readonly #context: Context;
  readonly #id: string;

  constructor(context: Context, id: string) {
    this.#context = context;
    this.#id = id;
  }

  /** Sends the update of that name; each has a method of its own too. */
  update<Name extends UpdateName>(name: Name, args: UpdateArgs[Name]): Promise<void> {
    return sendUpdate(this.#context, this.#id, name, args);
  }
}

for (const name of updateNames) {
  const value = function (this: Steered, args: UpdateArgs[typeof name]): Promise<void> {
    return this.update(name, args);
  };
  Object.defineProperty(Steered.prototype, name, { value });
}

/** One operation, as what takes updates. */
export const TakesUpdates = Steered as new (context: Context, id: string) => Steered & UpdateMethods;

/** Sends an update to an operation and waits for its outcome. */
async function sendUpdate<Name extends UpdateName>(
  context: Context,
  id: string,
  name: Name,
  args: UpdateArgs[Name],
): Promise<void> {
  const { client } = context;
  const handle = client.workflow.getHandle(id);
  try {
    const update = await client.connection.withDeadline(Date.now() + answerTimeoutMs, () =>
      handle.startUpdate(name, { args: [args], waitForStage: WorkflowUpdateStage.ACCEPTED }),
    );
    await client.connection.withDeadline(Date.now() + outcomeTimeoutMs, () => update.result());
  } catch (error) {
    throw await updateError(context, id, name, error);
  }
}

async function updateError(context: Context, id: string, name: string, error: unknown): Promise<unknown> {
  if (error instanceof WorkflowUpdateFailedError) return rejected(id, error);
  if (error instanceof WorkflowUpdateRPCTimeoutOrCancelledError) {
    const evidence = `${name} was not answered within ${answerTimeoutMs / 1_000} s; it may still take effect.`;
    return noWorker(evidence, [`See what became of it: citus-scaler status ${id}`]);
  }
  if (error instanceof WorkflowNotFoundError) return closedError(context, id, name, error);
  return explained(error, context.target);
}

function rejected(id: string, error: WorkflowUpdateFailedError): UpdateRejectedError {
  const { cause } = error;
  const type = cause instanceof ApplicationFailure && isErrorType(cause.type) ? cause.type : 'Rejected';
  return new UpdateRejectedError(type, id, cause?.message ?? error.message, error);
}

/** Temporal says "not found" of a closed workflow too. */
export async function closedError(
  context: Context,
  id: string,
  name: string,
  cause: unknown,
): Promise<Error> {
  const { description } = await describeOperation(context, id);
  const ended = description.closeTime?.toISOString();
  const message = `${name} makes no sense now: ${id} has ended${ended === undefined ? '' : ` (${ended})`}.`;
  return new UpdateRejectedError('Rejected', id, message, cause);
}
