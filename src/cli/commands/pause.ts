import type { Command } from 'commander';
import { runs, type App, type Session } from '../app.js';
import { example } from '../example.js';
import { operationArgument, steer } from '../on-operation.js';
import { optional } from '../operation-options.js';
import { whoAmI } from '../who.js';

interface Options {
  now?: boolean;
  reason?: string;
  by?: string;
}

export function define(command: Command, session: Session): void {
  command
    .argument(...operationArgument)
    .option('--now', 'stop the running moves too; they start again from their beginning')
    .option('--reason <text>', 'why')
    .option('--by <name>', 'who pauses (default: user@host)')
    .addHelpText('after', example('citus-scaler pause shop --reason "month-end closing"'))
    .action(
      runs(session, (app: App, operation: string, { now, reason, by = whoAmI() }: Options) =>
        steer(app, operation, 'Paused', (handle) =>
          handle.pause({ by, ...optional('reason', reason), ...optional('now', now) }),
        ),
      ),
    );
}
