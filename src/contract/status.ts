import type { Balance } from './balance.js';
import type { Check } from './checks.js';
import type { InputProblem } from './input-problem.js';
import type { GovernorStatus } from './governor.js';
import type { UndoKind } from './internal/undo.js';
import type { LeftoverKind } from './leftover.js';
import type { OperationType } from './operations.js';
import type { Remedy } from './remedy.js';
import type { WindowStatus } from './windows.js';

/** What an operation answers to the `status` query. Times are ISO 8601 UTC, sizes bytes, durations seconds, nodes `host:port`. */
export interface OperationStatus {
  /** The workflow id. */
  operation: string;
  /** The workflow type. */
  type: OperationType;
  /** Its name in the config. */
  cluster: string;
  /** As the input gave it. */
  reason?: string;
  /** As the input gave it. */
  requestedBy?: string;
  /** Page of the operation in the Temporal UI, when the worker's config names one. */
  url?: string;
  /** A cancel was asked for; `refused` says why the operation goes on nevertheless. */
  cancel?: { requestedAt: string; refused?: string };
  /** While something is done that can't be undone, and ever after when it fails there: a cancel waits for its end, and is refused when it is the `last` of the operation. */
  pointOfNoReturn?: { why: string; last: boolean };
  /** One of the states below. */
  state: OperationState;
  /** Who paused it and why, in any state that a pause still has a say in: a plan may wait for approval meanwhile. */
  paused?: { by: string; reason?: string };
  /** What is done, in its order. */
  steps: Step[];
  /** What was checked, before anything was changed. */
  checks: Check[];
  /** What is going to be done, once it is known. */
  plan?: Plan;
  /** Of the moves, while there are any. */
  progress?: Progress;
  /** The maintenance windows of the cluster, when it has any: as of the last change of the status. */
  window?: WindowStatus;
  /** How many moves at once the load allows, where the config watches it; kept in the report. */
  governor?: GovernorStatus;
  /** What needs a person, in the state `needs-attention`. */
  attention?: Attention;
  /** Why a failed operation failed. The client fills it in for one that its own status doesn't tell. */
  failure?: OperationFailure;
  /** How data lay at the start. */
  before?: Balance;
  /** How data lies at the end. */
  after?: Balance;
  /** What a cancel would take back now. */
  undo?: UndoView[];
  /** Workers that were taken out of the cluster: no cancel brings them back. */
  removed?: string[];
}

export const operationStates = [
  /** Another operation holds the cluster (`ifBusy: "wait"`). */
  'waiting-for-lock',
  /** Checks and plan are being made. */
  'planning',
  /** The plan waits for the update `approve` or `reject`. */
  'awaiting-approval',
  /** Outside the maintenance windows: `window` says when the next one opens. */
  'waiting-for-window',
  /** Steps are being carried out. */
  'running',
  /** The update `pause` holds further moves. */
  'paused',
  /** Something fails, or a person must repair something: see `attention`. */
  'needs-attention',
  /** A cancel undoes what can be undone. */
  'cancelling',
  /** Done and verified. */
  'done',
  /** Failed: see `failure`. */
  'failed',
  /** Cancelled; what was moved stays where it is. */
  'cancelled',
] as const;
export type OperationState = (typeof operationStates)[number];

/** Whether an operation in this state has ended. */
export function isOver(state: OperationState): boolean {
  return state === 'done' || state === 'failed' || state === 'cancelled';
}

export interface Step {
  name: string;
  state: 'pending' | 'running' | 'done' | 'skipped' | 'failed';
  startedAt?: string;
  endedAt?: string;
  /** What came of it, or why it was skipped. */
  detail?: string;
}

export interface Plan {
  /** Over shard groups, from, to and nodes, or what is removed where; never bytes: those change by the second. */
  hash: string;
  /** The first 50 moves. */
  moves: Move[];
  /** Of all moves. */
  movesTotal: number;
  /** Of all moves. */
  bytes: number;
  /** `host:port`, or a placeholder such as `new worker 1` for a machine that is yet to be started. */
  newWorkers: string[];
  /** Emptied, then taken out of the cluster; the checks `machine` say what becomes of their machines. */
  removedWorkers: string[];
  /** Emptied, and still registered. */
  drainedWorkers?: string[];
  /** Put back in service. */
  restoredWorkers?: string[];
  /** Of `cleanUp`: the first 50 things that it will remove. */
  cleanups?: Cleanup[];
  /** Of all that it will remove. */
  cleanupsTotal?: number;
  /** How data lies now. */
  before: Balance;
  /** How data is going to lie. */
  after: Balance;
  /** How long it may take, and what that rests on. */
  estimateSeconds?: { low: number; high: number; basis: string };
}

/** One thing that `cleanUp` removes. */
export interface Cleanup {
  kind: LeftoverKind;
  /** `host:port` where it is. */
  node: string;
  name: string;
  /** The SQL, and what to know of it. */
  how: string;
  /** What it frees. */
  bytes?: number;
}

/** One shard group (all colocated shards of one hash range) that goes from one node to another. */
export interface Move {
  shardIds: number[];
  tables: string[];
  from: string;
  to: string;
  bytes: number;
}

export interface Progress {
  /** What `done` and `total` count. */
  basis: 'bytes' | 'moves';
  done: number;
  total: number;
  /** Of 100. */
  percent: number;
  bytesPerSecond?: number;
  etaSeconds?: number;
  /** What the moves of this operation have brought to nodes so far, or taken from them; of the 50 with the most. */
  byNode?: NodeFlow[];
  /** At most 50 of the moves that run now. */
  moving: Moving[];
  /** Of all that run now. */
  movingTotal: number;
  /** What holds up the moves that don't run. */
  waitingFor?: string;
}

export interface NodeFlow {
  node: string;
  /** Negative: taken from it. */
  bytes: number;
}

export interface Moving {
  from: string;
  to: string;
  tables: string[];
  /** Citus's own word (`Setting Up`, `Copying Data`, `Catching Up`, …), or `waiting`. */
  phase: string;
  /** How far the copy is behind, while it catches up. */
  lagBytes?: number;
  /** Bytes at the target so far, of `bytes`. */
  copiedBytes?: number;
  bytes?: number;
  /** From 1. */
  attempt: number;
  /** What the last attempt failed with. */
  message?: string;
}

export interface OperationFailure {
  /** One of the error types, or what Temporal says of an operation that was ended from outside. */
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

export interface Attention {
  /** One sentence. */
  problem: string;
  /** What was seen. */
  evidence: string;
  /** What a person can do. */
  remedies: Remedy[];
  /** It came up while a cancel was being carried out. */
  during?: 'cancelling';
}

/** One thing that a cancel would take back. */
export interface UndoView {
  /** `setting`, `node-mark`, `registration`, `machine` */
  kind: UndoKind;
  /** What would be done, in a line. */
  what: string;
}

/** What a finished operation returns: its final status and what came of it. */
export interface OperationReport extends OperationStatus {
  startedAt: string;
  endedAt: string;
  /** Moved by this operation. */
  movedBytes: number;
  /** Moved by this operation. */
  movedShardGroups: number;
  /**
   * Moves of batches that had no answer when the operation ended (given up, or cancelled, while the cluster or a worker
   * was away): which of them were made is not known, and they are not counted. Absent: none.
   */
  unansweredMoves?: number;
  /** What a person should know: skipped moves, warnings, what could not be given back with the SQL that does. */
  notes: string[];
}
