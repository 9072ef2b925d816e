import { createHash } from 'node:crypto';
import type { Cleanup, Plan } from '../../contract/index.js';
import { count, formatBytes } from '../../text/figures.js';
import type { Found } from './find.js';
import { keyOf, type Finding, type Item } from './finding.js';

/** Characters that all covered things, and those shown, may take of a payload of 64 KB. */
const itemsSize = 30_000;
const shownSize = 12_000;
const shownItems = 50;
const shownNotes = 30;

/** The plan covers what may be removed; what is left alone is told, each with its reason. */
export function planRemovals(found: Found): {
  plan: Omit<Plan, 'before' | 'after'>;
  items: Item[];
  notes: string[];
} {
  const removable = found.leftovers.filter(({ remove }) => remove);
  const kept = found.leftovers.filter(({ remove }) => !remove);
  const covered = fitting(removable, itemOf, itemsSize);
  return {
    plan: {
      hash: hashOf(covered),
      moves: [],
      movesTotal: 0,
      bytes: 0,
      newWorkers: [],
      removedWorkers: [],
      cleanups: fitting(covered.slice(0, shownItems), cleanupOf, shownSize).map(cleanupOf),
      cleanupsTotal: covered.length,
    },
    items: covered.map(itemOf),
    notes: [
      ...(covered.length < removable.length
        ? [`the first ${covered.length} of ${removable.length} things; clean again for the rest`]
        : []),
      ...freed(covered),
      ...found.silent.map(({ node, error }) => `${node} doesn't answer, what is there isn't known: ${error}`),
      ...kept
        .slice(0, shownNotes)
        .map(({ kind, node, name, how }) => `left alone: ${kind} ${name} on ${node}: ${how}`),
      ...(kept.length > shownNotes ? [`and ${kept.length - shownNotes} more left alone, see health`] : []),
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

function freed(findings: Finding[]): string[] {
  const tables = findings.filter(({ kind }) => kind === 'shard table');
  const bytes = tables.reduce((sum, table) => sum + (table.bytes ?? 0), 0);
  return tables.length > 0 ? [`${count(tables.length, 'shard table')} of ${formatBytes(bytes)} in all`] : [];
}
