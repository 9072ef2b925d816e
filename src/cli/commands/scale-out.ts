import type { Command } from 'commander';
import type { ScaleOutInput } from '../../contract/index.js';
import type { Session } from '../app.js';
import { optional } from '../options/operation-options.js';
import { optionOf, wholeNumber } from '../options/parse.js';
import { defineOperation } from './operation.js';

interface Options {
  to?: number;
  add?: number;
  node?: string[];
  method?: string;
  source?: string;
  rebalance: boolean;
}

/** Defines `scale-out`: its arguments, options, examples and action. */
export function define(command: Command, session: Session): void {
  defineOperation<Options>(command, session, {
    addOptions: (to) =>
      to
        .option('--to <n>', 'workers in all afterwards', wholeNumber)
        .option('--add <n>', 'workers to add', wholeNumber)
        .option('--node <host:port...>', 'servers that run already')
        .addOption(
          optionOf('--method <method>', 'whether shards move, or a standby becomes a worker', [
            'move',
            'clone',
          ]),
        )
        .option('--source <host:port>', 'with --method clone: the worker whose shards are split')
        .option('--no-rebalance', 'register the workers, leave the data where it is'),
    examples: [
      'citus-scaler scale-out shop --add 2',
      'citus-scaler scale-out shop --node db3:5432 db4:5432 --dry-run',
      'citus-scaler scale-out shop --add 1 --method clone --source db2:5432',
    ],
    start: (client, common, { options }, how) => client.scaleOut({ ...common, ...ownInput(options) }, how),
  });
}

function ownInput({ to, add, node, rebalance, method, source }: Options): Partial<ScaleOutInput> {
  return {
    ...optional('to', to),
    ...optional('add', add),
    ...optional('nodes', node),
    ...(rebalance ? {} : { rebalance }),
    // A method of a later version, or a wrong one, is refused by the check with what it may be.
    ...optional('method', method as ScaleOutInput['method']),
    ...optional('source', source),
  };
}
