import type { Command } from 'commander';
import type { Session } from '../app.js';
import { optional } from '../options/operation-options.js';
import { defineOperation } from './operation.js';

/** Defines `salvage`: its arguments, options, examples and action. */
export function define(command: Command, session: Session): void {
  defineOperation<{ table?: string[] }>(command, session, {
    node: 'the server that was given up and is back: host:port',
    addOptions: (to) =>
      to.option('--table <table...>', 'only these tables: orders, or schema.orders (default: all)'),
    examples: [
      'citus-scaler salvage shop db3:5432 --dry-run',
      'citus-scaler salvage shop db3:5432 --table orders',
    ],
    start: (client, common, { options, nodes }, how) =>
      client.salvageWorker({ ...common, node: nodes[0] ?? '', ...optional('tables', options.table) }, how),
  });
}
