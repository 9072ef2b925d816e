import type { Colors } from 'picocolors/types.js';
import type { Salvage, SalvagedTable } from '../../contract/index.js';
import { count, inThousands } from './text/figures.js';
import { cut, pad, width, wrap } from './text/text.js';

/** As many tables as one looks through before saying yes. */
const shownTables = 12;

/** Writes what is brought over from a server that was given up and came back. */
export function salvageLines(salvage: Salvage, paint: Colors, columns: number): string[] {
  const { node, fenced, tables, tablesTotal, missing, conflicts } = salvage;
  const shown = tables.slice(0, shownTables);
  const names = Math.min(40, Math.max(0, ...shown.map(({ table }) => width(table))));
  const more = tablesTotal - shown.length;
  return [
    wrap(
      `  ${node} ${fenced ? 'is fenced' : 'is fenced first: every statement on it fails then'}; ${count(missing, 'row')} to bring over`,
      columns,
      4,
    ),
    ...(conflicts > 0
      ? [
          wrap(
            `  ${count(conflicts, 'row')} of which the cluster has another version, which stays`,
            columns,
            4,
          ),
        ]
      : []),
    ...shown.map((table) =>
      wrap(`    ${pad(cut(table.table, names), names)}  ${figuresOf(table)}`, columns, 8),
    ),
    ...(more > 0 ? [paint.dim(`    and ${count(more, 'more table')}`)] : []),
  ];
}

function figuresOf({ shards, shardsDone, rows, missing, conflicts = 0, why }: SalvagedTable): string {
  if (why !== undefined) return `stays there: ${why}`;
  const done = shardsDone > 0 ? `, ${shardsDone} of ${count(shards, 'shard')} brought over before` : '';
  const other = conflicts > 0 ? `, ${count(conflicts, 'conflict')}` : '';
  return `${inThousands(missing ?? 0)} of ${count(rows ?? 0, 'row')} missing${other}${done}`;
}
