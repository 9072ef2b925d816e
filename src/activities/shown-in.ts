import type { Moving } from '../contract/index.js';
import type { Show } from './watched-statement.js';

/** The move as the next heartbeat shows it. */
export function shownIn(current: Moving): Pick<Show, 'progress' | 'message'> {
  return {
    progress: ({ phase, copiedBytes, bytes, lagBytes }) =>
      Object.assign(current, { phase, copiedBytes, bytes }, lagBytes === null ? {} : { lagBytes }),
    message: (message) => {
      if (message === undefined) delete current.message;
      else current.message = message;
    },
  };
}
