import type { Command } from 'commander';
import { runs, type App, type Session } from '../app.js';
import { example } from '../example.js';
import type { ExitCode } from '../exit-codes.js';
import { follow } from '../follow/follow.js';
import { stream } from '../follow/stream.js';
import { onOperation, operationArgument } from '../on-operation.js';
import { addWaitOption } from '../options/wait-option.js';

/** Defines `watch`: its arguments, options, examples and action. */
export function define(command: Command, session: Session): void {
  session.documents = 'line';
  addWaitOption(command)
    .argument(...operationArgument)
    .addHelpText(
      'after',
      example('citus-scaler watch shop', 'citus-scaler watch shop --json | jq -c .progress.percent'),
    )
    .action(
      runs(session, (app: App, operation: string): Promise<ExitCode> =>
        onOperation(app, operation, (handle) => (app.io.json ? stream(app, handle) : follow(app, handle))),
      ),
    );
}
