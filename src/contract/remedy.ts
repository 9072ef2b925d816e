import type { OperationInputs } from './inputs.js';
import type { InspectWhat } from './inspect.js';
import type { UpdateArgs } from './updates.js';

/** What a person can do. Each front end writes what citus-scaler does for it in its own words. */
export interface Remedy {
  /** What to do, in plain words that name no field, update or command. */
  text: string;
  /** What of ours does it: a workflow type, an update, `cancel`, a look of `inspect` such as `health`; or `status`, `list`, `worker`. */
  action?: Action;
  /** Its input as far as it is known. Without `cluster` or `operation` it is the one that the remedy came with. */
  arguments?: ActionArguments[Action];
}

/** What may be said of an action: the fields of its input that are known. */
export type ActionArguments = {
  [Type in keyof OperationInputs]: Partial<OperationInputs[Type]>;
} & {
  [Name in keyof UpdateArgs]: Partial<Omit<UpdateArgs[Name], 'by'>> & OfOperation;
} & {
  [What in InspectWhat]: { cluster?: string; for?: keyof OperationInputs; nodes?: string[] };
} & {
  cancel: OfOperation;
  status: OfOperation;
  list: { cluster?: string; all?: boolean };
  /** Not an operation, but what all of them need: a process that works. */
  worker: object;
};
export type Action = keyof ActionArguments & string;

interface OfOperation {
  /** The workflow id. */
  operation?: string;
}

/** A remedy as the code writes it: a text alone stands for itself. */
export type Advice = string | Remedy;

/** A remedy that citus-scaler carries out, when it is asked. */
export function does<Name extends Action>(action: Name, text: string, given?: ActionArguments[Name]): Remedy {
  return given === undefined ? { text, action } : { text, action, arguments: given };
}

export function remedyOf(advice: Advice): Remedy {
  return typeof advice === 'string' ? { text: advice } : advice;
}

export function remediesOf(...advice: readonly Advice[]): Remedy[] {
  return advice.map(remedyOf);
}
