import type { Command } from 'commander';
import { runs, type App, type Session } from '../app.js';
import { example } from '../example.js';
import { operationArgument, steer } from '../on-operation.js';
import { wholeNumber } from '../parse.js';
import { whoAmI } from '../who.js';

interface Options {
  by?: string;
}

export function define(command: Command, session: Session): void {
  command
    .argument(...operationArgument)
    .argument('<n>', 'moves at once, 1 to 64', wholeNumber)
    .option('--by <name>', 'who changes it (default: user@host)')
    .addHelpText('after', example('citus-scaler parallel-moves shop 8'))
    .action(
      runs(session, (app: App, operation: string, n: number, { by = whoAmI() }: Options) =>
        steer(app, operation, `Up to ${n} moves at once for`, (handle) => handle.setParallelMoves({ by, n })),
      ),
    );
}
