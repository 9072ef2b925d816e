import type { Command } from 'commander';
import type { DrainWorkerInput } from '../../contract/index.js';
import { runs, type App, type Session } from '../app.js';
import { example } from '../example.js';
import type { ExitCode } from '../exit-codes.js';
import { operate } from '../operate.js';
import { addOperationOptions, commonInput, optional, type OperationOptions } from '../operation-options.js';

interface DrainOptions extends OperationOptions {
  undo?: boolean;
}

export function define(command: Command, session: Session): void {
  command
    .argument('<cluster>', 'name of the cluster in the config')
    .argument('<node...>', 'the workers to empty, as one plan: host:port')
    .option('--undo', 'put them back in service instead');
  addOperationOptions(command)
    .addHelpText(
      'after',
      example('citus-scaler drain shop db3:5432 --dry-run', 'citus-scaler drain shop db3:5432 --undo'),
    )
    .action(
      runs(session, (app: App, cluster: string, nodes: string[], options: DrainOptions): Promise<ExitCode> =>
        operate(app, options, (client, start) =>
          client.drainWorker(drainInput(cluster, nodes, options), start),
        ),
      ),
    );
}

/** What the command line asks for, as the workflow takes it. The client checks it. */
function drainInput(cluster: string, nodes: string[], options: DrainOptions): DrainWorkerInput {
  return { ...commonInput(cluster, options), nodes, ...optional('undo', options.undo) };
}
