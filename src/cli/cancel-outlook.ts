import type { OperationStatus } from '../contract/index.js';
import { count } from './render/figures.js';
import { stateSentence } from './render/state.js';

/** What a cancel would do to an operation in this state. */
export function cancelOutlook(status: OperationStatus): string {
  const { operation, state, cancel, progress, undo = [], steps, pointOfNoReturn: point } = status;
  if (cancel?.refused !== undefined) return `${operation} can't be cancelled any more: ${cancel.refused}`;
  const stuck = state === 'needs-attention' ? '; give-up ends it as it is' : '';
  switch (state) {
    case 'done':
    case 'failed':
    case 'cancelled':
      return `${operation} ${stateSentence(state)} already; there is nothing to cancel.`;
    case 'cancelling':
      return `${operation} is being cancelled already.`;
    case 'waiting-for-lock':
    case 'planning':
    case 'awaiting-approval':
      return `${operation} ${stateSentence(state)}: nothing was changed yet, so a cancel just ends it.`;
    case 'waiting-for-window':
    case 'running':
    case 'paused':
    case 'needs-attention': {
      if (point?.last) return `A cancel of ${operation} would be refused: ${point.why}${stuck}.`;
      const removed = steps.flatMap(({ name, state: step }) => {
        const node = step === 'done' ? /^Remove (\S+:\d+)$/.exec(name)?.[1] : undefined;
        return node === undefined ? [] : [node];
      });
      const parts = [
        ...(point ? [`waits until this is done: ${point.why}${stuck}`] : []),
        ...(removed.length > 0 ? [`leaves out what was removed (${removed.join(', ')})`] : []),
        ...(progress && progress.movingTotal > 0
          ? [`stops ${count(progress.movingTotal, 'running move')}`]
          : []),
        'leaves what was moved where it is',
        ...(undo.some(({ kind }) => kind === 'setting') ? ['gives back the temporary settings'] : []),
        ...(undo.some(({ kind }) => kind === 'node-mark')
          ? [`marks the ${point || removed.length > 0 ? 'other ' : ''}nodes as they were, in service or not`]
          : []),
        ...(undo.some(({ kind }) => kind === 'registration' || kind === 'machine')
          ? ['removes new workers that hold no shard']
          : []),
      ];
      const percent = progress ? ` at ${progress.percent}%` : '';
      return `${operation} ${stateSentence(state)}${percent}. A cancel ${parts.join(', ')}.`;
    }
  }
}
