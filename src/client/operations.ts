import { operationTypes, type OperationInputs, type operations } from '../contract/index.js';
import type { Context } from './context.js';
import { OperationHandle } from './handle.js';
import { startOperation, type StartOptions } from './start.js';

/** A method for each operation. @throws OperationError `InvalidInput`, when the input or the id makes no sense; nothing was started then */
type OperationMethods = {
  [Type in keyof typeof operations]: (
    input: OperationInputs[Type],
    options?: StartOptions,
  ) => Promise<OperationHandle>;
};

/** What starts operations. */
export const StartsOperations = class {
  constructor(context: Context) {
    for (const type of operationTypes) {
      const start = async (
        input: OperationInputs[typeof type],
        options: StartOptions = {},
      ): Promise<OperationHandle> => {
        const { id, started } = await startOperation(context, type, input, options);
        return new OperationHandle(context, id, started);
      };
      Object.defineProperty(this, type, { value: start });
    }
  }
} as new (context: Context) => OperationMethods;
