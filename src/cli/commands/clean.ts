import type { Command } from 'commander';
import { runs, type App, type Session } from '../app.js';
import { example } from '../example.js';
import type { ExitCode } from '../exit-codes.js';
import { operate } from '../operate.js';
import { addOperationOptions, commonInput, type OperationOptions } from '../operation-options.js';

export function define(command: Command, session: Session): void {
  command.argument('<cluster>', 'name of the cluster in the config');
  addOperationOptions(command)
    .addHelpText('after', example('citus-scaler clean shop --dry-run', 'citus-scaler clean shop'))
    .action(
      runs(session, (app: App, cluster: string, options: OperationOptions): Promise<ExitCode> =>
        operate(app, options, (client, start) => client.cleanUp(commonInput(cluster, options), start)),
      ),
    );
}
