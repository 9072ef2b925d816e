import type { Colors } from 'picocolors/types.js';
import type { OperationRow } from '../../client.js';
import { duration, moment, secondsBetween } from './figures.js';
import { stateWord } from './state.js';
import { cut, cutMiddle, pad, width, wrap } from './text.js';

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
  return rows.map((row) => renderRow(row, states, paint, columns, now)).join('\n\n');
}

function renderRow(row: OperationRow, states: number, paint: Colors, columns: number, now: number): string {
  const { operation, type, cluster, state, startedAt, endedAt, summary, attention } = row;
  const what = summary ?? `${type} ${cluster}`;
  const took = duration(secondsBetween(startedAt, endedAt ?? now));
  const when = `${moment(startedAt)} UTC, ${endedAt === undefined ? 'for' : 'took'} ${took}`;
  const room = columns - states - 4 - width(when);
  const first = `${pad(stateWord(state, paint), states)}  ${pad(cut(what, room), room)}  ${paint.dim(when)}`;
  const indent = ' '.repeat(states + 2);
  return [
    first,
    paint.dim(`${indent}${cutMiddle(operation, Math.max(columns - states - 2, width(operation)))}`),
    ...(attention === undefined
      ? []
      : [wrap(`${indent}${paint.yellow(`! ${attention}`)}`, columns, states + 4)]),
  ].join('\n');
}
