import type { Moving } from '../../contract/index.js';
import type { StatementDisplay } from './watch-statement.js';

/** Writes progress and messages into the move that the next heartbeat shows. */
export function displayIn(current: Moving): Pick<StatementDisplay, 'progress' | 'message'> {
  const { message: initial } = current;
  return {
    progress: ({ phase, copiedBytes, bytes, lagBytes }) =>
      Object.assign(current, { phase, copiedBytes, bytes }, lagBytes === null ? {} : { lagBytes }),
    message: (message) => {
      const text = message ?? initial;
      if (text === undefined) delete current.message;
      else current.message = text;
    },
  };
}
