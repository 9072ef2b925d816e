import type { Colors } from 'picocolors/types.js';
import type { OperationRow } from '../../client/index.js';
import { oneLine } from '../../text/lines.js';
import { duration, moment, secondsBetween } from './text/figures.js';
import { stateWord } from './state.js';
import { cut, pad, width, wrap } from './text/text.js';

/** Two lines an operation: what and how far, then the id to copy. */
export function renderList(
  rows: OperationRow[],
  all: boolean,
  paint: Colors,
  columns: number,
  now: number,
): string {
  if (rows.length === 0)
    return all ? 'No operations.' : 'No open operations. Closed ones too: citus-scaler list --all';
  const states = Math.max(...rows.map(({ state }) => state.length));
  const times = rows.map((row) => whenOf(row, now));
  const timeWidth = Math.max(...times.map(width));
  return rows
    .map((row, index) => renderRow(row, pad(times[index] ?? '', timeWidth), states, paint, columns))
    .join('\n\n');
}

function whenOf({ startedAt, endedAt }: OperationRow, now: number): string {
  const time = duration(secondsBetween(startedAt, endedAt ?? now));
  return `${moment(startedAt)} UTC  ${endedAt === undefined ? 'for' : 'took'} ${time}`;
}

function renderRow(row: OperationRow, when: string, states: number, paint: Colors, columns: number): string {
  const { operation, type, cluster, state, summary, attention } = row;
  const room = columns - states - 4 - width(when);
  const what = pad(cut(oneLine(summary ?? `${type} ${cluster}`), room), room);
  const indent = ' '.repeat(states + 2);
  return [
    `${pad(stateWord(state, paint), states)}  ${what}  ${paint.dim(when)}`.trimEnd(),
    paint.dim(`${indent}${operation}`),
    ...(attention === undefined
      ? []
      : [wrap(`${indent}${paint.yellow(`! ${oneLine(attention)}`)}`, columns, states + 4)]),
  ].join('\n');
}
