import {
  ApplicationFailure,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
  WorkflowUpdateStage,
} from '@temporalio/client';
import {
  does,
  isErrorType,
  updateNames,
  type updates,
  type UpdateArgs,
  type UpdateName,
} from '../contract/index.js';
import type { Context } from './temporal/context.js';
import { describeOperation } from './describe.js';
import { UpdateRejectedError } from './errors.js';
import { parseDetails } from './failure.js';
import { explain } from './temporal/grpc.js';
import { answerTimeoutMs } from './live/status.js';
import { noWorker } from './temporal/workers.js';

/** How long an accepted update may take: pausing at once waits for the running moves to stop. */
const outcomeTimeoutMs = 60_000;

/** How to send an update. */
export interface UpdateOptions {
  /** The update's id, an idempotency key: sent again under the same one, it takes effect once. */
  id?: string;
}

/** A method for each update. @throws UpdateRejectedError with the sentence that says what state the operation is in */
type UpdateMethods = {
  [Name in keyof typeof updates]: (args: UpdateArgs[Name]) => Promise<void>;
};

class UpdateSender {
  readonly #context: Context;
  readonly #id: string;

  constructor(context: Context, id: string) {
    this.#context = context;
    this.#id = id;
  }

  /** Sends the update of that name; each has a method of its own too. */
  update<Name extends UpdateName>(
    name: Name,
    args: UpdateArgs[Name],
    options: UpdateOptions = {},
  ): Promise<void> {
    return sendUpdate(this.#context, this.#id, name, args, options);
  }
}

for (const name of updateNames) {
  const value = function (this: UpdateSender, args: UpdateArgs[typeof name]): Promise<void> {
    return this.update(name, args);
  };
  Object.defineProperty(UpdateSender.prototype, name, { value });
}

/** One operation, as what takes updates. */
export const TakesUpdates = UpdateSender as new (
  context: Context,
  id: string,
) => UpdateSender & UpdateMethods;

/** Sends an update to an operation and waits for its outcome. */
async function sendUpdate<Name extends UpdateName>(
  context: Context,
  id: string,
  name: Name,
  args: UpdateArgs[Name],
  { id: updateId }: UpdateOptions,
): Promise<void> {
  const { client } = context;
  const handle = client.workflow.getHandle(id);
  try {
    const update = await client.connection.withDeadline(Date.now() + answerTimeoutMs, () =>
      handle.startUpdate(name, {
        args: [args],
        waitForStage: WorkflowUpdateStage.ACCEPTED,
        ...(updateId !== undefined && { updateId }),
      }),
    );
    await client.connection.withDeadline(Date.now() + outcomeTimeoutMs, () => update.result());
  } catch (error) {
    throw await updateError(context, id, error);
  }
}

async function updateError(context: Context, id: string, error: unknown): Promise<unknown> {
  if (error instanceof WorkflowUpdateFailedError) return rejection(id, error);
  if (error instanceof WorkflowUpdateRPCTimeoutOrCancelledError) {
    const evidence = `no answer within ${answerTimeoutMs / 1_000} s; what was asked for may still take effect`;
    return noWorker(evidence, [does('status', 'see what became of it', { operation: id })]);
  }
  if (error instanceof WorkflowNotFoundError) return closedError(context, id, error);
  return explain(error, context.target);
}

function rejection(id: string, error: WorkflowUpdateFailedError): UpdateRejectedError {
  const { cause } = error;
  const failure = cause instanceof ApplicationFailure ? cause : undefined;
  const type = isErrorType(failure?.type) ? failure.type : 'Rejected';
  const details = parseDetails(failure?.details?.[0]);
  return new UpdateRejectedError(type, id, cause?.message ?? error.message, details, error);
}

/** Temporal says "not found" of a closed workflow too. */
export async function closedError(context: Context, id: string, cause: unknown): Promise<Error> {
  const { description } = await describeOperation(context, id);
  const endedAt = description.closeTime?.toISOString();
  const message = `${id} has ended${endedAt === undefined ? '' : ` (${endedAt})`}: that makes no sense any more.`;
  return new UpdateRejectedError('Rejected', id, message, {}, cause);
}
