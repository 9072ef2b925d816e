import type { Moving } from '../../contract/index.js';
import type { Show } from './watched-statement.js';

/** The move as the next heartbeat shows it. */
export function shownIn(current: Moving): Pick<Show, 'progress' | 'message'> {
  const { message: usual } = current;
  return {
    progress: ({ phase, copiedBytes, bytes, lagBytes }) =>
      Object.assign(current, { phase, copiedBytes, bytes }, lagBytes === null ? {} : { lagBytes }),
    message: (message) => {
      const said = message ?? usual;
      if (said === undefined) delete current.message;
      else current.message = said;
    },
  };
}
