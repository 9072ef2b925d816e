import { shardMark, type OperationStatus } from '../contract/index.js';
import { count } from './render/figures.js';

/** What a cancel would do to an operation in this state. */
export function cancelOutlook(status: OperationStatus): string {
  const { operation, state, cancel, progress, borrowed = [], steps } = status;
  if (cancel?.refused !== undefined) return `${operation} can't be cancelled any more: ${cancel.refused}`;
  switch (state) {
    case 'done':
    case 'failed':
    case 'cancelled':
      return `${operation} is ${state} already; there is nothing to cancel.`;
    case 'cancelling':
      return `${operation} is being cancelled already.`;
    case 'waiting-for-lock':
    case 'planning':
    case 'awaiting-approval':
      return `${operation} is ${state.replaceAll('-', ' ')}: nothing was changed yet, so a cancel just ends it.`;
    case 'waiting-for-window':
    case 'running':
    case 'paused':
    case 'needs-attention': {
      const parts = [
        ...(progress && progress.movingTotal > 0
          ? [`stops ${count(progress.movingTotal, 'running move')}`]
          : []),
        'leaves what was moved where it is',
        ...(borrowed.some(({ name }) => name !== shardMark) ? ['gives back the borrowed settings'] : []),
        ...(borrowed.some(({ name }) => name === shardMark)
          ? ['marks the nodes as they were, in service or not']
          : []),
        ...(steps.some(
          ({ name, state: step }) =>
            /^(Start|Register)/.test(name) && step !== 'pending' && step !== 'skipped',
        )
          ? ['removes new workers that hold no shard']
          : []),
      ];
      const percent = progress ? ` at ${progress.percent}%` : '';
      return `${operation} is ${state.replaceAll('-', ' ')}${percent}. A cancel ${parts.join(', ')}.`;
    }
  }
}
