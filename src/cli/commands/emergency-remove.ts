import type { Command } from 'commander';
import type { Session } from '../app.js';
import { optional } from '../options/operation-options.js';
import { defineOperation } from './operation.js';

interface Options {
  waitForReturn?: string;
  deadFor?: string;
  standby?: string;
  maxStandbyLag?: string;
  restored?: string;
  takeOver?: boolean;
  acceptDataLoss?: string;
}

/** Defines `emergency-remove`: its arguments, options, examples and action. */
export function define(command: Command, session: Session): void {
  defineOperation<Options>(command, session, {
    nodes: 'the dead worker: host:port; several that died at once are taken out together',
    addOptions: (to) =>
      to
        .option(
          '--wait-for-return <time>',
          'wait so long for it: if it comes back it is emptied and removed as one that runs',
        )
        .option('--dead-for <time>', 'for how long it must have answered nobody (default: 30s)')
        .option(
          '--standby <host:port>',
          'its standby, which takes its place; one that is registered is found',
        )
        .option('--max-standby-lag <time>', 'how long ago the standby may have heard of it (default: 10m)')
        .option('--restored <host:port>', 'a server restored from its backup, which takes its place')
        .option('--take-over', 'give an operation up that holds the cluster and is stuck at the dead worker')
        .option(
          '--accept-data-loss <sentence>',
          'give up what only it holds: the sentence that --dry-run shows',
        ),
    examples: [
      'citus-scaler emergency-remove shop db3:5432 --dry-run',
      'citus-scaler emergency-remove shop db3:5432 --dead-for 2m',
      'citus-scaler emergency-remove shop db3:5432 --standby db3b:5432',
    ],
    start: (client, common, { options, nodes: [node = '', ...alsoDead] }, how) =>
      client.emergencyRemoveWorker(
        {
          ...common,
          node,
          ...(alsoDead.length > 0 && { alsoDead }),
          ...optional('waitForReturn', options.waitForReturn),
          ...optional('deadFor', options.deadFor),
          ...optional('standby', options.standby),
          ...optional('maxStandbyLag', options.maxStandbyLag),
          ...optional('restored', options.restored),
          ...(options.takeOver && { ifBusy: 'takeOver' as const }),
          ...optional('acceptDataLoss', options.acceptDataLoss),
        },
        how,
      ),
  });
}
