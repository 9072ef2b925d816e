import type { Command } from 'commander';
import type { Session } from '../app.js';
import { defineReasoned } from '../reasoned.js';

export function define(command: Command, session: Session): void {
  defineReasoned(command, session, {
    by: 'who rejects',
    example: 'citus-scaler reject shop --reason "not before the sale is over"',
    done: 'Rejected',
    ends: true,
    send: (handle, args) => handle.reject(args),
  });
}
