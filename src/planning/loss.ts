import type { Loss, LostTable } from '../contract/index.js';
import { count } from '../text/figures.js';

/** What is lost with some workers, as it was found. */
export interface LossFacts {
  cluster: string;
  /** `host:port` of the dead workers. */
  nodes: readonly string[];
  tables: readonly LostTable[];
  /** Shard groups that are lost, of all tables. */
  shardGroups: number;
  /** Made from the workers, tables and shard groups. */
  hash: string;
}

/** Tables that are shown. */
const mostTables = 50;
/** Tables that the sentence names; the hash covers all. */
const mostNamed = 5;

/** The loss as a person reads it, with the sentence that accepts it. */
export function lossOf({ cluster, nodes, tables, shardGroups, hash }: LossFacts): Loss {
  const largestFirst = [...tables].sort(
    (a, b) =>
      (b.rows ?? 0) - (a.rows ?? 0) || (b.bytes ?? 0) - (a.bytes ?? 0) || a.table.localeCompare(b.table),
  );
  const rows = sumOf(tables, 'rows');
  const isPart = tables.some((table) => table.rows === undefined);
  const bytes = sumOf(tables, 'bytes');
  return {
    sentence: `lose what only ${nodes.join(' and ')} of ${cluster} held: ${count(tables.length, 'table')} (${named(tables)}), ${count(shardGroups, 'shard group')}, ${rowsText(rows, isPart)}, loss ${hash}`,
    hash,
    tables: largestFirst.slice(0, mostTables),
    tablesTotal: tables.length,
    shardGroups,
    ...(rows !== undefined && { rows }),
    ...(bytes !== undefined && { bytes }),
  };
}

/**
 * Whether a sentence accepts this loss. The number of rows drifts, and is told rather than compared. Programs that show text
 * break its lines, and make “curly” quotes of straight ones.
 */
export function acceptsLoss(sentence: string, { sentence: wanted }: Loss): boolean {
  return bare(sentence) === bare(wanted);
}

/** The first two digits of a figure that is an estimate. */
export function inTwoDigits(value: number): number {
  if (value < 100) return Math.round(value);
  const unit = 10 ** (Math.floor(Math.log10(value)) - 1);
  return Math.round(value / unit) * unit;
}

function bare(sentence: string): string {
  return sentence
    .replace(/\s+/g, ' ')
    .replace(
      /, (about [\d,]+ rows?( and more that nobody counted)?|an unknown number of rows), loss /,
      ', loss ',
    )
    .replace(/[‘’]/g, "'")
    .replace(/[“”]/g, '"')
    .trim();
}

function rowsText(rows: number | undefined, isPart: boolean): string {
  return rows === undefined
    ? 'an unknown number of rows'
    : `about ${count(rows, 'row')}${isPart ? ' and more that nobody counted' : ''}`;
}

function named(tables: readonly LostTable[]): string {
  const names = tables.map(({ table }) => table).sort();
  const more = names.length - mostNamed;
  return `${names.slice(0, mostNamed).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

function sumOf(tables: readonly LostTable[], figure: 'rows' | 'bytes'): number | undefined {
  const known = tables.flatMap((table) => table[figure] ?? []);
  if (known.length === 0) return undefined;
  return inTwoDigits(known.reduce((sum, each) => sum + each, 0));
}
