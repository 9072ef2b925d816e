import type { Command } from 'commander';
import type { Session } from '../app.js';
import { optional } from '../options/operation-options.js';
import { defineOperation } from './operation.js';

/** Defines `remove`: its arguments, options, examples and action. */
export function define(command: Command, session: Session): void {
  defineOperation<{ keepMachine?: boolean }>(command, session, {
    nodes: 'the workers to take out: emptied as one plan, removed one by one',
    addOptions: (to) => to.option('--keep-machine', 'leave their machines running'),
    examples: [
      'citus-scaler remove shop db3:5432 --dry-run',
      'citus-scaler remove shop db3:5432 db4:5432 --keep-machine',
    ],
    start: (client, common, { options, nodes }, how) =>
      client.removeWorker({ ...common, nodes, ...optional('keepMachine', options.keepMachine) }, how),
  });
}
