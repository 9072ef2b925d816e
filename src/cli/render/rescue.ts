import type { Colors } from 'picocolors/types.js';
import { chosenRung, type Loss, type LostTable, type Plan, type Rung } from '../../contract/index.js';
import { bytes, count, inThousands } from './text/figures.js';
import { commandOf, type About } from './remedy.js';
import { cut, pad, width, wrap } from './text/text.js';

/** As many tables as one reads through at night. */
const shownTables = 12;

/** Writes how dead workers get out, and what is lost by it. */
export function rescueLines(plan: Plan, paint: Colors, columns: number, about: About): string[] {
  const { rungs = [], loss, removedWorkers, movesTotal } = plan;
  const isOnlyWay = rungs.some(({ id, possible }) => id === 'give-up-data' && possible) && !chosenRung(rungs);
  return [
    ...(removedWorkers.length > 0
      ? [wrap(`  taken out, dead: ${removedWorkers.join(', ')}`, columns, 4)]
      : []),
    ...rungs.map((rung) => rungLine(rung, paint, columns)),
    ...(loss ? lossLines(loss, paint, columns) : []),
    ...(loss && isOnlyWay ? [paint.dim(`  $ ${giveUpCommand(loss, removedWorkers, about)}`)] : []),
    ...(movesTotal > 0
      ? ['', `  ${count(movesTotal, 'shard group')} made anew, empty, on the other workers`]
      : []),
  ];
}

function rungLine({ id, possible, why, chosen }: Rung, paint: Colors, columns: number): string {
  const mark = chosen ? paint.green('▶') : possible ? '✓' : paint.dim('✗');
  return wrap(`  ${mark} ${chosen ? paint.bold(id) : id}: ${why}`, columns, 6);
}

/** What was given up, for whoever loads it again. */
export function givenUpLines({ tables, tablesTotal }: Loss, paint: Colors, columns: number): string[] {
  const shown = tables.slice(0, shownTables);
  const more = tablesTotal - shown.length;
  return [
    paint.red('  Given up, and empty until somebody loads it again:'),
    ...tableLines(shown),
    ...shown.flatMap(({ table, ranges, shardGroups }) =>
      ranges.length === 0
        ? []
        : [
            paint.dim(
              wrap(
                `    ${table}: hashes ${ranges.join(', ')}${shardGroups > ranges.length ? ', …' : ''}`,
                columns,
                6,
              ),
            ),
          ],
    ),
    ...(more > 0 ? [paint.dim(`    and ${count(more, 'more table')}`)] : []),
  ];
}

function lossLines(loss: Loss, paint: Colors, columns: number): string[] {
  const shown = loss.tables.slice(0, shownTables);
  const more = loss.tablesTotal - shown.length;
  return [
    '',
    paint.red('  Lost for good, unless the worker comes back:'),
    ...tableLines(shown),
    ...(more > 0 ? [paint.dim(`    and ${count(more, 'more table')}`)] : []),
    '',
    wrap(`  Accepted by exactly this sentence: ${loss.sentence}`, columns, 4),
  ];
}

function tableLines(tables: readonly LostTable[]): string[] {
  const names = Math.min(40, Math.max(...tables.map(({ table }) => width(table))));
  return tables.map((table) => `    ${pad(cut(table.table, names), names)}  ${figuresOf(table)}`);
}

/** As it is pasted into a shell, whatever the tables are called. */
function giveUpCommand({ sentence }: Loss, [node, ...alsoDead]: readonly string[], about: About): string {
  const input = { node, ...(alsoDead.length > 0 && { alsoDead }), acceptDataLoss: sentence };
  return commandOf({ text: '', action: 'emergencyRemoveWorker', arguments: input }, about) ?? '';
}

function figuresOf({ shardGroups, shardsTotal, rows, bytes: size, basis }: LostTable): string {
  const shards = `${shardGroups} of ${count(shardsTotal, 'shard')}`;
  if (rows === undefined && size === undefined) return `${shards}, of which nobody knows the size`;
  const estimates = [
    rows === undefined ? 'rows unknown' : `about ${inThousands(rows)} rows`,
    ...(size === undefined ? [] : [bytes(size)]),
  ];
  const by = basis === 'sample' ? 'by the last sample' : 'by its other shards';
  return `${shards}, ${estimates.join(', ')} (${by})`;
}
