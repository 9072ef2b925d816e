import type { OperationStatus, UndoView } from '../contract/index.js';
import { count } from './render/text/figures.js';
import { stateSentence } from './render/state.js';

/** As many as one reads before saying yes. */
const shownEntries = 10;

/** Says what a cancel would do to an operation in this state: a sentence, and what it would undo, a line each. */
export function cancelOutlook(status: OperationStatus): { says: string; undoes: string[] } {
  const { operation, state, cancel, undo = [], pointOfNoReturn: point } = status;
  const only = (says: string) => ({ says, undoes: [] });
  if (cancel?.refused !== undefined)
    return only(`${operation} can't be cancelled any more: ${cancel.refused}`);
  switch (state) {
    case 'done':
    case 'failed':
    case 'cancelled':
      return only(`${operation} ${stateSentence(state)} already; there is nothing to cancel.`);
    case 'cancelling':
      return only(`${operation} is being cancelled already.`);
    case 'waiting-for-lock':
    case 'planning':
    case 'awaiting-approval':
      return only(`${operation} ${stateSentence(state)}: nothing was changed yet, so a cancel just ends it.`);
    case 'waiting-for-window':
    case 'running':
    case 'paused':
    case 'needs-attention':
      return point?.last
        ? only(`A cancel of ${operation} would be refused: ${point.why}${wayOut(status)}.`)
        : { says: sentence(status), undoes: lines(undo) };
  }
}

function sentence(status: OperationStatus): string {
  const { operation, state, progress, removed = [], undo = [], pointOfNoReturn: point } = status;
  const parts = [
    ...(point ? [`waits until this is done: ${point.why}${wayOut(status)}`] : []),
    ...(removed.length > 0 ? [`leaves out what was removed (${removed.join(', ')})`] : []),
    ...(progress && progress.movingTotal > 0 ? [`stops ${count(progress.movingTotal, 'running move')}`] : []),
    'leaves what was moved where it is',
  ];
  const percent = progress ? ` at ${progress.percent}%` : '';
  const more = undo.length > 0 ? ' and undoes:' : '.';
  return `${operation} ${stateSentence(state)}${percent}. A cancel ${parts.join(', ')}${more}`;
}

function wayOut({ state }: OperationStatus): string {
  return state === 'needs-attention' ? '; give-up ends it as it is' : '';
}

function lines(undo: UndoView[]): string[] {
  const more = undo.length - shownEntries;
  return [
    ...undo.slice(0, shownEntries).map(({ what }) => `  · ${what}`),
    ...(more > 0 ? [`  · and ${more} more`] : []),
  ];
}
