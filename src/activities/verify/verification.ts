import { does, type Balance, type Remedy } from '../../contract/index.js';
import { needsPerson } from '../../failures.js';

/** The answer of a verification. */
export interface Verification {
  after: Balance;
  notes: string[];
  /** One line for the step. */
  detail: string;
}

/** The outcome was undone by somebody else: that is for a person. */
export function outcomeUndone(problem: string, otherwise: Remedy = does('cancel', 'or cancel')): Error {
  return needsPerson(problem, {
    evidence: [problem],
    remedies: [does('retry', 'find out who did that and undo it, then retry'), otherwise],
  });
}
