import type { Command } from 'commander';
import type { RebalanceInput } from '../../contract/index.js';
import { runs, type App, type Session } from '../app.js';
import { example } from '../example.js';
import type { ExitCode } from '../exit-codes.js';
import { operate } from '../operate.js';
import { addOperationOptions, commonInput, optional, type OperationOptions } from '../operation-options.js';
import { fraction } from '../parse.js';

interface RebalanceOptions extends OperationOptions {
  strategy?: string;
  threshold?: number;
  drainOnly?: boolean;
}

export function define(command: Command, session: Session): void {
  command
    .argument('<cluster>', 'name of the cluster in the config')
    .option('--strategy <name>', 'a name in pg_dist_rebalance_strategy')
    .option('--threshold <fraction>', 'how far from the mean a node may be: 0.1 for 10 %', fraction)
    .option('--drain-only', 'empty the nodes that are marked so already, move nothing else');
  addOperationOptions(command)
    .addHelpText(
      'after',
      example(
        'citus-scaler rebalance shop --dry-run',
        'citus-scaler rebalance shop --strategy by_shard_count --threshold 0',
      ),
    )
    .action(
      runs(session, (app: App, cluster: string, options: RebalanceOptions): Promise<ExitCode> =>
        operate(app, options, (client, start) => client.rebalance(rebalanceInput(cluster, options), start)),
      ),
    );
}

/** What the command line asks for, as the workflow takes it. The client checks it. */
function rebalanceInput(cluster: string, options: RebalanceOptions): RebalanceInput {
  const { strategy, threshold, drainOnly } = options;
  return {
    ...commonInput(cluster, options),
    ...optional('strategy', strategy),
    ...optional('threshold', threshold),
    ...optional('drainOnly', drainOnly),
  };
}
