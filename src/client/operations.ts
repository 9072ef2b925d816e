import {
  operationTypes,
  type OperationInputs,
  type operations,
  type OperationType,
} from '../contract/index.js';
import type { Context } from './temporal/context.js';
import { OperationHandle } from './handle.js';
import { startOperation, type StartOptions } from './start/start.js';

/**
 * A method for each operation.
 * @throws OperationError `InvalidInput`, when the input or the id makes no sense; nothing was started then
 */
type OperationMethods = {
  [Type in keyof typeof operations]: (
    input: OperationInputs[Type],
    options?: StartOptions,
  ) => Promise<OperationHandle>;
};

class Starter {
  readonly #context: Context;

  constructor(context: Context) {
    this.#context = context;
  }

  /** Starts an operation of that type; each has a method of its own too. */
  async start<Type extends OperationType>(
    type: Type,
    input: OperationInputs[Type],
    options: StartOptions = {},
  ): Promise<OperationHandle> {
    const { id, started } = await startOperation(this.#context, type, input, options);
    return new OperationHandle(this.#context, id, { started });
  }
}

for (const type of operationTypes) {
  const value = function (
    this: Starter,
    input: OperationInputs[typeof type],
    options?: StartOptions,
  ): Promise<OperationHandle> {
    return this.start(type, input, options);
  };
  Object.defineProperty(Starter.prototype, type, { value });
}

/** A client, as what starts operations. */
export const StartsOperations = Starter as new (context: Context) => Starter & OperationMethods;
