import type { Command } from 'commander';
import type { Session } from '../app.js';
import { defineReasoned } from '../reasoned.js';

export function define(command: Command, session: Session): void {
  defineReasoned(command, session, {
    by: 'who gives up',
    example: 'citus-scaler give-up shop --reason "db3 will not come back"',
    done: 'Given up on',
    ends: true,
    send: (handle, args) => handle.giveUp(args),
  });
}
