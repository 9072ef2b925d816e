import type { Balance } from './balance.js';
import type { OperationType } from './names.js';

/** What an operation answers to the `status` query. Times are ISO 8601 UTC, sizes bytes, durations seconds, nodes `host:port`. */
export interface OperationStatus {
  /** The workflow id. */
  operation: string;
  type: OperationType;
  cluster: string;
  reason?: string;
  requestedBy?: string;
  /** Page of the operation in the Temporal UI, when the worker's config names one. */
  url?: string;
  cancel?: { requestedAt: string; refused?: string };
  state: OperationState;
  steps: Step[];
  checks: Check[];
  plan?: Plan;
  progress?: Progress;
  attention?: Attention;
  /** Why a failed operation failed. The client fills it in for one that its own status doesn't tell. */
  failure?: OperationFailure;
  before?: Balance;
  after?: Balance;
  /** Settings that are raised at this moment and will be restored. */
  borrowed?: BorrowedSetting[];
}

export const operationStates = [
  'waiting-for-lock',
  'planning',
  'awaiting-approval',
  'waiting-for-window',
  'running',
  'paused',
  'needs-attention',
  'cancelling',
  'done',
  'failed',
  'cancelled',
] as const;
export type OperationState = (typeof operationStates)[number];

export interface Step {
  name: string;
  state: 'pending' | 'running' | 'done' | 'skipped' | 'failed';
  startedAt?: string;
  endedAt?: string;
  detail?: string;
}

export interface Check {
  /** Stable, kebab-case: what `acceptChecks` takes. */
  id: string;
  severity: 'blocker' | 'warning' | 'info';
  ok: boolean;
  /** What was measured, with figures. */
  evidence: string;
  remedy?: string;
}

export interface Plan {
  /** Over shard groups, from, to and nodes, never bytes: those change by the second. */
  hash: string;
  /** The first 50 moves. */
  moves: Move[];
  movesTotal: number;
  bytes: number;
  /** `host:port`, or a placeholder such as `new worker 1` for a machine that is yet to be started. */
  newWorkers: string[];
  removedWorkers: string[];
  before: Balance;
  after: Balance;
  estimateSeconds?: { low: number; high: number; basis: string };
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
  basis: 'bytes' | 'moves';
  done: number;
  total: number;
  percent: number;
  bytesPerSecond?: number;
  etaSeconds?: number;
  /** At most 50 of the moves that run now. */
  moving: Moving[];
  movingTotal: number;
}

export interface Moving {
  from: string;
  to: string;
  tables: string[];
  /** Citus's own word (`Setting Up`, `Copying Data`, `Catching Up`, …), or `waiting`. */
  phase: string;
  lagBytes?: number;
  /** Bytes at the target so far, of `bytes`. */
  copiedBytes?: number;
  bytes?: number;
  attempt: number;
  message?: string;
}

export interface OperationFailure {
  /** An error type of errors.ts, or what Temporal says of an operation that was ended from outside. */
  type: string;
  message: string;
  evidence: string[];
  remedies: string[];
}

export interface Attention {
  problem: string;
  evidence: string;
  remedies: string[];
  during?: 'cancelling';
}

/** One server setting on one node, as it was before the operation raised it. */
export interface BorrowedSetting {
  node: string;
  name: string;
  /** What the owner had set with ALTER SYSTEM; null when nothing. */
  before: string | null;
  raised: string;
}

/** What a finished operation returns: its final status and what came of it. */
export interface OperationReport extends OperationStatus {
  startedAt: string;
  endedAt: string;
  movedBytes: number;
  movedShardGroups: number;
  /** What a person should know: skipped moves, warnings, what could not be given back with the SQL that does. */
  notes: string[];
}
