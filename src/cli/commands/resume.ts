import type { Command } from 'commander';
import { runs, type App, type Session } from '../app.js';
import { example } from '../example.js';
import { operationArgument, steer } from '../on-operation.js';
import { whoAmI } from '../who.js';

interface Options {
  by?: string;
}

export function define(command: Command, session: Session): void {
  command
    .argument(...operationArgument)
    .option('--by <name>', 'who resumes (default: user@host)')
    .addHelpText('after', example('citus-scaler resume shop'))
    .action(
      runs(session, (app: App, operation: string, { by = whoAmI() }: Options) =>
        steer(app, operation, 'Resumed', (handle) => handle.resume({ by })),
      ),
    );
}
