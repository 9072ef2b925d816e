import type { Colors } from 'picocolors/types.js';
import type { OperationState, OperationStatus, Step } from '../../contract/index.js';
import { oneLine } from '../../text/lines.js';
import { duration, secondsBetween } from './text/figures.js';
import { cut, pad, width } from './text/text.js';

/** `awaiting-approval` → `awaiting approval`, in the colour of what it asks of a person. */
export function stateWord(state: OperationState, paint: Colors): string {
  const word = state.replaceAll('-', ' ');
  switch (state) {
    case 'done':
      return paint.green(word);
    case 'failed':
      return paint.red(word);
    case 'awaiting-approval':
    case 'needs-attention':
    case 'paused':
    case 'cancelling':
      return paint.yellow(word);
    case 'running':
    case 'planning':
      return paint.cyan(word);
    case 'waiting-for-lock':
    case 'waiting-for-window':
    case 'cancelled':
      return word;
  }
}

/** The state as it follows the operation's name: `needs attention`, `is running`. */
export function stateSentence(state: OperationState): string {
  switch (state) {
    case 'waiting-for-lock':
      return 'waits for another operation';
    case 'awaiting-approval':
      return 'awaits approval';
    case 'waiting-for-window':
      return 'waits for its window';
    case 'needs-attention':
      return 'needs attention';
    case 'planning':
    case 'running':
    case 'paused':
    case 'cancelling':
    case 'done':
    case 'failed':
    case 'cancelled':
      return `is ${state}`;
  }
}

/** `Paused by ada@ops: month-end run` */
export function pausedBy({ by, reason }: NonNullable<OperationStatus['paused']>): string {
  return `Paused by ${by}${reason === undefined ? '' : `: ${reason}`}`;
}

/** `scaleOut shop  running` on the left, the operation's id below. */
export function heading(status: OperationStatus, paint: Colors): string {
  const title = `${paint.bold(`${status.type} ${status.cluster}`)}  ${stateWord(status.state, paint)}`;
  return `${title}\n${paint.dim(status.operation)}`;
}

const marks: Record<Step['state'], string> = {
  pending: '○',
  running: '●',
  done: '✓',
  skipped: '–',
  failed: '✗',
};

function stepMark(state: Step['state'], paint: Colors): string {
  const mark = marks[state];
  switch (state) {
    case 'done':
      return paint.green(mark);
    case 'running':
      return paint.cyan(mark);
    case 'failed':
      return paint.red(mark);
    case 'pending':
    case 'skipped':
      return paint.dim(mark);
  }
}

/** The steps, one a line: mark, name, how long, what came of it. */
export function steps(list: Step[], paint: Colors, columns: number, now: number): string {
  const nameWidth = Math.max(0, ...list.map(({ name }) => width(name)));
  const times = list.map((step) => timeOf(step, now));
  const timeWidth = Math.max(0, ...times.map(width));
  return list
    .map((step, index) => {
      const quiet = step.state === 'pending' || step.state === 'skipped';
      const name = pad(step.name, nameWidth);
      const line = `  ${stepMark(step.state, paint)} ${quiet ? paint.dim(name) : name}  ${paint.dim(pad(times[index] ?? '', timeWidth, 'left'))}`;
      const room = columns - 8 - nameWidth - timeWidth;
      return `${line}  ${paint.dim(cut(oneLine(step.detail ?? ''), room))}`.trimEnd();
    })
    .join('\n');
}

function timeOf({ state, startedAt, endedAt }: Step, now: number): string {
  if (startedAt === undefined || state === 'skipped') return '';
  return duration(secondsBetween(startedAt, endedAt ?? now));
}

/** The steps in three lines: what is done, what runs, what comes. */
export function briefSteps(list: Step[], paint: Colors, columns: number, now: number): string {
  const over = list.filter(({ state }) => state === 'done' || state === 'skipped');
  const ahead = list.filter(({ state }) => state === 'pending');
  const open = list.filter((step) => !over.includes(step) && !ahead.includes(step));
  const namesOf = (some: Step[]): string => cut(some.map(({ name }) => name).join(', '), columns - 4);
  return [
    ...(over.length > 0 ? [`  ${stepMark('done', paint)} ${paint.dim(namesOf(over))}`] : []),
    ...(open.length > 0 ? [steps(open, paint, columns, now)] : []),
    ...(ahead.length > 0 ? [`  ${stepMark('pending', paint)} ${paint.dim(namesOf(ahead))}`] : []),
  ].join('\n');
}
