import type { Colors } from 'picocolors/types.js';
import type { Loss, LostTable, Plan, Rung } from '../../contract/index.js';
import { bytes, count } from './text/figures.js';
import { cut, pad, width, wrap } from './text/text.js';

/** As many tables as one reads through at night. */
const shownTables = 12;

/** Writes how dead workers get out, and what is lost by it. */
export function rescueLines(plan: Plan, paint: Colors, columns: number): string[] {
  const { rungs = [], loss, removedWorkers, movesTotal } = plan;
  return [
    ...(removedWorkers.length > 0
      ? [wrap(`  taken out, dead: ${removedWorkers.join(', ')}`, columns, 4)]
      : []),
    ...rungs.map((rung) => rungLine(rung, paint, columns)),
    ...(loss ? lossLines(loss, paint, columns) : []),
    ...(movesTotal > 0
      ? ['', `  ${count(movesTotal, 'shard group')} made anew, empty, on the other workers`]
      : []),
  ];
}

function rungLine({ id, possible, why, chosen }: Rung, paint: Colors, columns: number): string {
  const mark = chosen ? paint.green('▶') : possible ? '✓' : paint.dim('✗');
  return wrap(`  ${mark} ${chosen ? paint.bold(id) : id}: ${why}`, columns, 6);
}

function lossLines(loss: Loss, paint: Colors, columns: number): string[] {
  const shown = loss.tables.slice(0, shownTables);
  const names = Math.min(40, Math.max(...shown.map(({ table }) => width(table))));
  const more = loss.tablesTotal - shown.length;
  return [
    '',
    paint.red('  Lost for good, unless the worker comes back:'),
    ...shown.map((table) => `    ${pad(cut(table.table, names), names)}  ${figuresOf(table)}`),
    ...(more > 0 ? [paint.dim(`    and ${count(more, 'more table')}`)] : []),
    '',
    wrap(`  Accepted by exactly this sentence: ${loss.sentence}`, columns, 4),
  ];
}

function figuresOf({ shardGroups, shardsTotal, rows, bytes: size, basis }: LostTable): string {
  const estimates = [
    rows === undefined ? 'rows unknown' : `about ${rows.toLocaleString('en-US')} rows`,
    ...(size === undefined ? [] : [bytes(size)]),
  ];
  const by = basis === 'sample' ? 'by the last sample' : 'by its other shards';
  return `${shardGroups} of ${count(shardsTotal, 'shard')}, ${estimates.join(', ')} (${by})`;
}
