import type { Fault } from './fault.js';
import type { Point } from './point.js';
import type { Procedure } from './procedures/procedure.js';

/** One run of a procedure, with what happens to it. */
export interface Scenario {
  id: string;
  procedure: Procedure;
  /** Where the first worker dies, where the next one does. */
  deaths: Point[];
  fault?: { fault: Fault; at: Point } | undefined;
  /** Moves last, so that something happens in the middle of one. */
  slow: boolean;
  /** Whether it dies in an activity that was cancelled before: nobody tries that again. */
  isCutOff?: boolean;
  /** Whether Temporal finds out by itself that a worker is dead, which takes 6 to 10 s. */
  patient: boolean;
}
