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
    .option('--by <name>', 'who decides it (default: user@host)')
    .addHelpText('after', example('citus-scaler ignore-window shop --reason "the disk is nearly full"'))
    .action(
      runs(session, (app: App, operation: string, { reason, by = whoAmI() }: Options) =>
        steer(app, operation, 'The maintenance windows are ignored by', (handle) =>
          handle.ignoreWindow({ by, reason }),
        ),
      ),
    );
}
