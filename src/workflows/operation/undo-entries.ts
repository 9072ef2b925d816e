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

/** Entries in runs of one kind and one task queue, in their order: what one call undoes. Others than settings stay alone. */
export function groupsOf(entries: readonly UndoEntry[]): UndoEntry[][] {
  const groups: UndoEntry[][] = [];
  for (const entry of entries) {
    const last = groups.at(-1);
    if (entry.kind === 'setting' && last?.[0]?.kind === 'setting') last.push(entry);
    else groups.push([entry]);
  }
  return groups;
}
