import type { InspectWhat } from './names.js';
import type { OperationType } from './operations.js';
import type { UpdateName } from './updates.js';

/** What a person can do. Each front end writes what citus-scaler does for it in its own words. */
export interface Remedy {
  /** What to do, in plain words that name no field, update or command. */
  text: string;
  /** What of ours does it. */
  action?: Action;
  /** Its input as far as it is known. Without `cluster` or `operation` it is the one that the remedy came with. */
  arguments?: Readonly<Record<string, unknown>>;
}

/**
 * What a person has done by us: an operation, an update, Temporal's cancel, a look of `inspect`, the status of an
 * operation, the list of them; or a worker, which is no operation, but what all of them need.
 */
export type Action = OperationType | UpdateName | InspectWhat | 'cancel' | 'status' | 'list' | 'worker';

/** A remedy as the code writes it: a text alone stands for itself. */
export type Advice = string | Remedy;

export function remedyOf(advice: Advice): Remedy {
  return typeof advice === 'string' ? { text: advice } : advice;
}

export function remediesOf(...advice: readonly Advice[]): Remedy[] {
  return advice.map(remedyOf);
}
