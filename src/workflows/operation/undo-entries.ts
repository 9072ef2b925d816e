import { workflowInfo } from '@temporalio/workflow';
import type { HandedOver, UndoEntry } from '../../contract/internal/undo.js';

/** Servers that may be half registered: what holds a statement may be there. */
export function registrationNodes(ledger: ReadonlyMap<string, UndoEntry>): string[] {
  return [...ledger.values()].flatMap((entry) => (entry.kind === 'registration' ? [entry.node] : []));
}

/**
 * Says why entries must not be undone since another was not; undefined when they may. A machine whose registration is
 * handed over may alone know which of its transactions are committed.
 */
export function hindranceOf(
  [entry]: readonly UndoEntry[],
  handedOver: readonly HandedOver[],
): string | undefined {
  if (entry?.kind !== 'machine' || entry.node === undefined) return undefined;
  const { node } = entry;
  const registration = handedOver.find(
    (each) => each.entry.kind === 'registration' && each.entry.node.toLowerCase() === node.toLowerCase(),
  );
  return registration && `its registration could not be undone: ${registration.why}`;
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
