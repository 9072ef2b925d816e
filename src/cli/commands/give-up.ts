import type { Command } from 'commander';
import { runs, type App, type Session } from '../app.js';
import { example } from '../example.js';
import { operationArgument, steer } from '../on-operation.js';
import { whoAmI } from '../who.js';

interface Options {
  reason: string;
  by?: string;
}

export function define(command: Command, session: Session): void {
  command
    .argument(...operationArgument)
    .requiredOption('--reason <text>', 'why')
    .option('--by <name>', 'who gives up (default: user@host)')
    .addHelpText('after', example('citus-scaler give-up shop --reason "db3 will not come back"'))
    .action(
      runs(session, (app: App, operation: string, { reason, by = whoAmI() }: Options) =>
        steer(app, operation, 'Given up on', (handle) => handle.giveUp({ by, reason })),
      ),
    );
}
