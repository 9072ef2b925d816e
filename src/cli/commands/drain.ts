import type { Command } from 'commander';
import type { Session } from '../app.js';
import { optional } from '../options/operation-options.js';
import { defineOperation } from './operation.js';

/** Defines `drain`: its arguments, options, examples and action. */
export function define(command: Command, session: Session): void {
  defineOperation<{ undo?: boolean }>(command, session, {
    nodes: 'the workers to empty, as one plan: host:port',
    addOptions: (to) => to.option('--undo', 'put them back in service instead'),
    examples: ['citus-scaler drain shop db3:5432 --dry-run', 'citus-scaler drain shop db3:5432 --undo'],
    start: (client, common, { options, nodes }, how) =>
      client.drainWorker({ ...common, nodes, ...optional('undo', options.undo) }, how),
  });
}
