import type { Command } from 'commander';
import type { ScaleOutInput } from '../../contract/index.js';
import { runs, type App, type Session } from '../app.js';
import { example } from '../example.js';
import type { ExitCode } from '../exit-codes.js';
import { operate } from '../operate.js';
import { addOperationOptions, commonInput, optional, type OperationOptions } from '../operation-options.js';
import { optionOf, wholeNumber } from '../parse.js';

export interface ScaleOutOptions extends OperationOptions {
  to?: number;
  add?: number;
  node?: string[];
  method?: string;
  rebalance: boolean;
}

export function define(command: Command, session: Session): void {
  addScaleOutOptions(command)
    .addHelpText(
      'after',
      example(
        'citus-scaler scale-out shop --add 2',
        'citus-scaler scale-out shop --node db3:5432 db4:5432 --dry-run',
      ),
    )
    .action(
      runs(session, (app: App, cluster: string, options: ScaleOutOptions): Promise<ExitCode> =>
        operate(app, options, (client, start) => client.scaleOut(scaleOutInput(cluster, options), start)),
      ),
    );
}

export function addScaleOutOptions(command: Command): Command {
  command
    .argument('<cluster>', 'name of the cluster in the config')
    .option('--to <n>', 'workers in all afterwards', wholeNumber)
    .option('--add <n>', 'workers to add', wholeNumber)
    .option('--node <host:port...>', 'servers that run already')
    .addOption(optionOf('--method <method>', 'how data gets there', ['move']))
    .option('--no-rebalance', 'register the workers, leave the data where it is');
  return addOperationOptions(command);
}

/** What the command line asks for, as the workflow takes it. The client checks it. */
export function scaleOutInput(cluster: string, options: ScaleOutOptions): ScaleOutInput {
  const { to, add, node, rebalance, method } = options;
  return {
    ...commonInput(cluster, options),
    ...optional('to', to),
    ...optional('add', add),
    ...optional('nodes', node),
    ...(rebalance ? {} : { rebalance }),
    // A method of a later version, or a wrong one, is refused by the check with what it may be.
    ...optional('method', method as ScaleOutInput['method']),
  };
}
