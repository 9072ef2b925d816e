import type { Command } from 'commander';
import type { Session } from '../app.js';
import { optional } from '../options/operation-options.js';
import { fraction } from '../options/parse.js';
import { defineOperation } from './operation.js';

interface Options {
  strategy?: string;
  threshold?: number;
  drainOnly?: boolean;
}

/** Defines `rebalance`: its arguments, options, examples and action. */
export function define(command: Command, session: Session): void {
  defineOperation<Options>(command, session, {
    addOptions: (to) =>
      to
        .option('--strategy <name>', 'a name in pg_dist_rebalance_strategy')
        .option('--threshold <fraction>', 'how far from the mean a node may be: 0.1 for 10 %', fraction)
        .option('--drain-only', 'empty the nodes that are marked so already, move nothing else'),
    examples: [
      'citus-scaler rebalance shop --dry-run',
      'citus-scaler rebalance shop --strategy by_shard_count --threshold 0',
    ],
    start: (client, common, { options: { strategy, threshold, drainOnly } }, how) => {
      const own = {
        ...optional('strategy', strategy),
        ...optional('threshold', threshold),
        ...optional('drainOnly', drainOnly),
      };
      return client.rebalance({ ...common, ...own }, how);
    },
  });
}
