import type { MovesByMode } from '../names.js';
import type { Balance } from './balance.js';
import type { Check } from '../checks.js';
import type { InputProblem } from '../input-problem.js';
import type { GovernorStatus } from './governor.js';
import type { UndoKind } from '../internal/undo.js';
import type { OperationType } from '../operations.js';
import type { Remedy } from '../remedy.js';
import type { Plan } from './plan.js';
import type { Progress } from './progress.js';
import type { WindowStatus } from './windows.js';

/**
 * An operation as it is now: the answer to the query `status`. Times are ISO 8601 UTC, sizes bytes, durations seconds,
 * nodes `host:port`.
 */
export interface OperationStatus {
  /** The workflow id. */
  operation: string;
  /** The workflow type. */
  type: OperationType;
  /** The cluster's name in the config. */
  cluster: string;
  /** As the input gave it. */
  reason?: string;
  /** As the input gave it. */
  requestedBy?: string;
  /** Page of the operation in the Temporal UI, when the worker's config names one. */
  url?: string;
  /** Present once a cancel was requested; `refused` says why the operation goes on nevertheless. */
  cancel?: { requestedAt: string; refused?: string };
  /**
   * Present while something is done that can't be undone, and kept when the operation fails in it. A cancel waits until
   * it is done; when nothing comes after it (`last`), a cancel is refused.
   */
  pointOfNoReturn?: { why: string; last: boolean };
  /** One of the states below. */
  state: OperationState;
  /** Who paused it, and why. A pause can come in other states too: the plan may wait for approval meanwhile. */
  paused?: { by: string; reason?: string };
  /** The steps, in their order. */
  steps: Step[];
  /** What was checked, before anything was changed. */
  checks: Check[];
  /** The plan, once there is one. */
  plan?: Plan;
  /** Progress of the moves; absent before the first. */
  progress?: Progress;
  /** The maintenance windows, when the cluster has any; as of the last change of the status. */
  window?: WindowStatus;
  /** How many moves at once the load allows, when the config has a governor; kept in the report. */
  governor?: GovernorStatus;
  /** The problem that needs a person, in the state `needs-attention`. */
  attention?: Attention;
  /** Why it failed. The client fills this in from Temporal. */
  failure?: OperationFailure;
  /** How data lay at the start. */
  before?: Balance;
  /** How data lies at the end. */
  after?: Balance;
  /** What a cancel would undo now. */
  undo?: UndoView[];
  /** Workers that it has taken out of the cluster: a cancel doesn't bring them back. */
  removed?: string[];
}

/** The states of an operation. */
export const operationStates = [
  /** Another operation holds the cluster (`ifBusy: "wait"`). */
  'waiting-for-lock',
  /** Checks and plan are being made. */
  'planning',
  /** The plan waits for the update `approve` or `reject`. */
  'awaiting-approval',
  /** No maintenance window is open: `window` says when the next one opens. */
  'waiting-for-window',
  /** Steps are being carried out. */
  'running',
  /** Paused: nothing new begins until the update `resume`. */
  'paused',
  /** Something fails, or a person must repair something: see `attention`. */
  'needs-attention',
  /** A cancel is being carried out. */
  'cancelling',
  /** Done and verified. */
  'done',
  /** Failed: see `failure`. */
  'failed',
  /** Cancelled; what was moved stays where it is. */
  'cancelled',
] as const;
/** One of the states. */
export type OperationState = (typeof operationStates)[number];

/** Whether an operation in this state has ended. */
export function isOver(state: OperationState): boolean {
  return state === 'done' || state === 'failed' || state === 'cancelled';
}

/** One step of an operation. */
export interface Step {
  name: string;
  state: 'pending' | 'running' | 'done' | 'skipped' | 'failed';
  startedAt?: string;
  endedAt?: string;
  /** What came of it, or why it was skipped. */
  detail?: string;
}

/** Why an operation failed. */
export interface OperationFailure {
  /** One of the [error types](#error-types), or what Temporal calls an end from outside: `Terminated`, `TimedOut`. */
  type: string;
  /** One sentence. */
  message: string;
  /** What was seen, a line each. */
  evidence: string[];
  /** What a person can do. */
  remedies: Remedy[];
  /** What is wrong with the input, a field each. */
  problems?: InputProblem[];
}

/** A problem that needs a person. */
export interface Attention {
  /** The problem, in one sentence. */
  problem: string;
  /** What was seen. */
  evidence: string;
  /** What a person can do. */
  remedies: Remedy[];
  /** Set when it came up while a cancel was carried out. */
  during?: 'cancelling';
}

/** One thing that a cancel would undo. */
export interface UndoView {
  /** `setting`, `node-mark`, `registration` or `machine`. */
  kind: UndoKind;
  /** What would be done, in a line. */
  what: string;
}

/** The result of an operation: its final status, and what came of it. */
export interface OperationReport extends OperationStatus {
  startedAt: string;
  endedAt: string;
  /** Bytes that this operation moved. */
  movedBytes: number;
  /** Shard groups that this operation moved. */
  movedShardGroups: number;
  /**
   * For how long writes to a shard group were expected to wait at most, and what the longest blocking move took. Absent:
   * no move blocked writes.
   */
  longestStall?: { expectedSeconds: number; measuredSeconds?: number };
  /** How many of the moves were made in which mode. Absent: nothing was moved. */
  movedByMode?: MovesByMode;
  /**
   * How many moves nobody can tell of: they ran when the operation was given up, or cancelled while the cluster or a
   * worker was away. They are not counted as moved. Absent: none.
   */
  unansweredMoves?: number;
  /**
   * What a person should know: moves that were skipped, warnings, what could not be undone and the SQL that undoes it.
   */
  notes: string[];
}
