import type { Command } from 'commander';
import type { RemoveWorkerInput } from '../../contract/index.js';
import { runs, type App, type Session } from '../app.js';
import { example } from '../example.js';
import type { ExitCode } from '../exit-codes.js';
import { operate } from '../operate.js';
import { addOperationOptions, commonInput, optional, type OperationOptions } from '../operation-options.js';

interface RemoveOptions extends OperationOptions {
  keepMachine?: boolean;
}

export function define(command: Command, session: Session): void {
  command
    .argument('<cluster>', 'name of the cluster in the config')
    .argument('<node...>', 'the workers to take out: emptied as one plan, removed one by one')
    .option('--keep-machine', 'leave their machines running');
  addOperationOptions(command)
    .addHelpText(
      'after',
      example(
        'citus-scaler remove shop db3:5432 --dry-run',
        'citus-scaler remove shop db3:5432 db4:5432 --keep-machine',
      ),
    )
    .action(
      runs(session, (app: App, cluster: string, nodes: string[], options: RemoveOptions): Promise<ExitCode> =>
        operate(app, options, (client, start) =>
          client.removeWorker(removeInput(cluster, nodes, options), start),
        ),
      ),
    );
}

/** What the command line asks for, as the workflow takes it. The client checks it. */
function removeInput(cluster: string, nodes: string[], options: RemoveOptions): RemoveWorkerInput {
  return { ...commonInput(cluster, options), nodes, ...optional('keepMachine', options.keepMachine) };
}
