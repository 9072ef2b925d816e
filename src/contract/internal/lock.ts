import type { OperationType } from '../operations.js';
import type { HandedOver } from './undo.js';

/** Who holds a cluster's lock; also in the lock keeper's memo, where others read it. */
export interface LockHolder {
  workflowId: string;
  runId: string;
  type: OperationType;
  /** Name of the cluster in the config that the holder was started with: several may mean one server. */
  cluster: string;
}

/** Input of the lock keeper. */
export interface LockInput {
  cluster: string;
  holder: LockHolder;
}

/** Result of the lock keeper. */
export interface LockResult {
  /** `released` by its operation; `undone`: its operation was gone, and the ledger was undone; `ended`: somebody ended it by hand. */
  outcome: 'released' | 'undone' | 'ended';
  /** What nobody could undo. */
  handedOver: HandedOver[];
  /** What the undoing came to, a line each. */
  notes: string[];
}

/** Signals that a lock keeper takes; each comes with the workflow id and run id of who sends it, and only the holder is heard. */
export const lockSignals = {
  /** Adds entries to the undo ledger, or replaces those of the same id. */
  add: 'addUndo',
  /** Takes entries off, by their ids. */
  remove: 'removeUndo',
  /** Takes entries off that could not be undone; the result names them. */
  handOver: 'handOverUndo',
  /** Frees the cluster: the operation is over. From a later run of it, once what the keeper's own run left is undone. */
  release: 'release',
} as const;

/** Query that a lock keeper answers with the ids of the entries of its ledger. */
export const entriesQuery = 'entries';

/** Query that a lock keeper answers, with lines on what it would undo, and what keeps it from that. */
export const ledgerQuery = 'ledger';
