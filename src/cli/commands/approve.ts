import type { Command } from 'commander';
import { runs, type App, type Session } from '../app.js';
import { example } from '../example.js';
import { operationArgument, steer } from '../on-operation.js';
import { optional } from '../operation-options.js';
import { whoAmI } from '../who.js';

interface Options {
  planHash?: string;
  by?: string;
}

export function define(command: Command, session: Session): void {
  command
    .argument(...operationArgument)
    .option('--plan-hash <hash>', 'only if this is still the plan')
    .option('--by <name>', 'who approves (default: user@host)')
    .addHelpText('after', example('citus-scaler approve shop --plan-hash 3f9c2a'))
    .action(
      runs(session, (app: App, operation: string, { planHash, by = whoAmI() }: Options) =>
        steer(app, operation, 'Approved', (handle) =>
          handle.approve({ by, ...optional('planHash', planHash) }),
        ),
      ),
    );
}
