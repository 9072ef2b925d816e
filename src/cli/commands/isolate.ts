import type { Command } from 'commander';
import type { Session } from '../app.js';
import { optional } from '../options/operation-options.js';
import { defineOperation } from './operation.js';

/** Defines `isolate`: its arguments, options, examples and action. */
export function define(command: Command, session: Session): void {
  defineOperation<{ undo?: boolean }>(command, session, {
    node: 'the dead worker: host:port',
    addOptions: (to) => to.option('--undo', 'give it the metadata again, now that it is back'),
    examples: ['citus-scaler isolate shop db3:5432 --dry-run', 'citus-scaler isolate shop db3:5432 --undo'],
    start: (client, common, { options, nodes }, how) =>
      client.isolateWorker({ ...common, node: nodes[0] ?? '', ...optional('undo', options.undo) }, how),
  });
}
