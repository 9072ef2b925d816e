import { createHash } from 'node:crypto';
import type { Cleanup, Plan } from '../../contract/index.js';
import { count, formatBytes } from '../../text/figures.js';
import type { LeftoverReport } from './find.js';
import { keyOf, type Finding, type Item } from './finding.js';

/** Characters that all covered things, and those shown, may take of a payload of 64 KB. */
const maxItemsSize = 30_000;
const maxCleanupsSize = 12_000;
const maxCleanups = 50;
const maxNotes = 30;

/** The plan covers what may be removed; what is left alone is told, each with its reason. */
export function planRemovals(report: LeftoverReport): {
  plan: Omit<Plan, 'before' | 'after'>;
  items: Item[];
  notes: string[];
} {
  const removable = report.leftovers.filter(({ remove }) => remove);
  const others = report.leftovers.filter(({ remove }) => !remove);
  const selection = fitting(removable, itemOf, maxItemsSize);
  return {
    plan: {
      hash: hashOf(selection),
      moves: [],
      movesTotal: 0,
      bytes: 0,
      newWorkers: [],
      removedWorkers: [],
      cleanups: fitting(selection.slice(0, maxCleanups), cleanupOf, maxCleanupsSize).map(cleanupOf),
      cleanupsTotal: selection.length,
    },
    items: selection.map(itemOf),
    notes: [
      ...(selection.length < removable.length
        ? [`the first ${selection.length} of ${removable.length} things; clean again for the rest`]
        : []),
      ...sizeNote(selection),
      ...report.silent.map(
        ({ node, error }) => `${node} doesn't answer, what is there isn't known: ${error}`,
      ),
      ...others
        .slice(0, maxNotes)
        .map(({ kind, node, name, how }) => `left alone: ${kind} ${name} on ${node}: ${how}`),
      ...(others.length > maxNotes ? [`and ${others.length - maxNotes} more left alone, see health`] : []),
    ],
  };
}

function fitting<T>(items: T[], view: (item: T) => unknown, most: number): T[] {
  let size = 0;
  return items.filter((item) => (size += JSON.stringify(view(item)).length + 1) <= most);
}

function itemOf({ kind, node, name }: Finding): Item {
  return { kind, node, name };
}

function cleanupOf({ kind, node, name, how, bytes }: Finding): Cleanup {
  return { kind, node, name, how, ...(bytes === undefined ? {} : { bytes }) };
}

function hashOf(findings: Finding[]): string {
  const lines = findings.map(keyOf).sort();
  return createHash('sha256').update(lines.join('\n')).digest('hex').slice(0, 16);
}

function sizeNote(findings: Finding[]): string[] {
  const tables = findings.filter(({ kind }) => kind === 'shard table');
  const bytes = tables.reduce((sum, table) => sum + (table.bytes ?? 0), 0);
  return tables.length > 0 ? [`${count(tables.length, 'shard table')} of ${formatBytes(bytes)} in all`] : [];
}
