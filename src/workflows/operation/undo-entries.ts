import { workflowInfo } from '@temporalio/workflow';
import type { UndoEntry } from '../../contract/internal/undo.js';

/** Servers that may be half registered: what holds a statement may be there. */
export function registrationNodes(ledger: ReadonlyMap<string, UndoEntry>): string[] {
  return [...ledger.values()].flatMap((entry) => (entry.kind === 'registration' ? [entry.node] : []));
}

/** Options for the activity that undoes an entry: a machine is stopped by the worker that could start it. */
export function queueOf(entry: UndoEntry): { taskQueue?: string } {
  return entry.kind === 'machine' && entry.taskQueue !== workflowInfo().taskQueue
    ? { taskQueue: entry.taskQueue }
    : {};
}
