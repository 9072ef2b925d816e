import type { Command } from 'commander';
import type { Session } from '../app.js';
import { defineOperation } from './operation.js';

/** Defines `clean`: its arguments, options, examples and action. */
export function define(command: Command, session: Session): void {
  defineOperation(command, session, {
    examples: ['citus-scaler clean shop --dry-run', 'citus-scaler clean shop'],
    start: (client, common, _, how) => client.cleanUp(common, how),
  });
}
