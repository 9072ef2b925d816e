import type { InspectWhat } from './names.js';
import type { OperationType } from './operations.js';
import type { UpdateName } from './updates.js';

/** One thing that a person can do. Each front end writes the action in its own words: a command, an update to send. */
export interface Remedy {
  /** What to do, in plain words that name no field, update or command. */
  text: string;
  /**
   * The operation, update, look (`health`, `preflight`, …) or other thing of ours that does it: `cancel`, `status`,
   * `list`, `worker`.
   */
  action?: Action;
  /**
   * The action's input, as far as it is known. Where it names no `cluster` or `operation`, the one that the remedy came
   * with is meant.
   */
  arguments?: Readonly<Record<string, unknown>>;
}

/**
 * A thing of ours that a remedy names: an operation, an update, Temporal's cancel, a subject of `inspect`, the status
 * of an operation, the list of operations; or a worker, which is no operation, but which all of them need.
 */
export type Action = OperationType | UpdateName | InspectWhat | 'cancel' | 'status' | 'list' | 'worker';

/** A remedy as the code writes it: a text alone stands for itself. */
export type Advice = string | Remedy;

/** The remedy that a piece of advice stands for. */
export function remedyOf(advice: Advice): Remedy {
  return typeof advice === 'string' ? { text: advice } : advice;
}

/** The remedies that pieces of advice stand for. */
export function remediesOf(...advice: readonly Advice[]): Remedy[] {
  return advice.map(remedyOf);
}
