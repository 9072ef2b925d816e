import type { Command } from 'commander';
import type { Session } from '../app.js';
import { optional } from '../options/operation-options.js';
import { defineOperation } from './operation.js';

/** Defines `emergency-remove`: its arguments, options, examples and action. */
export function define(command: Command, session: Session): void {
  defineOperation<{ deadFor?: string; acceptDataLoss?: string }>(command, session, {
    nodes: 'the dead worker: host:port; several that died at once are taken out together',
    addOptions: (to) =>
      to
        .option('--dead-for <time>', 'for how long it must have answered nobody (default: 30s)')
        .option(
          '--accept-data-loss <sentence>',
          'give up what only it holds: the sentence that --dry-run shows',
        ),
    examples: [
      'citus-scaler emergency-remove shop db3:5432 --dry-run',
      'citus-scaler emergency-remove shop db3:5432 --dead-for 2m',
    ],
    start: (client, common, { options, nodes: [node = '', ...alsoDead] }, how) =>
      client.emergencyRemoveWorker(
        {
          ...common,
          node,
          ...(alsoDead.length > 0 && { alsoDead }),
          ...optional('deadFor', options.deadFor),
          ...optional('acceptDataLoss', options.acceptDataLoss),
        },
        how,
      ),
  });
}
