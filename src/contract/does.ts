import type { OperationInputs } from './inputs.js';
import type { InspectWhat } from './names.js';
import type { Action, Remedy } from './remedy.js';
import type { UpdateArgs } from './updates.js';

/** What may be said of an action: the fields of its input that are known. */
type ActionArguments = {
  [Type in keyof OperationInputs]: Partial<OperationInputs[Type]>;
} & {
  [Name in keyof UpdateArgs]: Partial<Omit<UpdateArgs[Name], 'by'>> & OfOperation;
} & {
  [What in InspectWhat]: { cluster?: string; for?: keyof OperationInputs; nodes?: string[] };
} & {
  cancel: OfOperation;
  status: OfOperation;
  list: { cluster?: string; all?: boolean };
  worker: object;
};

interface OfOperation {
  /** The workflow id. */
  operation?: string;
}

/** A remedy that citus-scaler carries out, when it is asked. */
export function does<Name extends Action>(action: Name, text: string, args?: ActionArguments[Name]): Remedy {
  return args === undefined ? { text, action } : { text, action, arguments: { ...args } };
}
