import type { Command } from 'commander';
import type { Session } from '../app.js';
import { defineReasoned } from '../reasoned.js';

export function define(command: Command, session: Session): void {
  defineReasoned(command, session, {
    by: 'who decides it',
    example: 'citus-scaler ignore-window shop --reason "the disk is nearly full"',
    done: 'The maintenance windows are ignored by',
    send: (handle, args) => handle.ignoreWindow(args),
  });
}
