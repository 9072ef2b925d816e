import type { Command } from 'commander';
import { runs, type App, type Session } from '../app.js';
import { example } from '../example.js';
import { exit, type ExitCode } from '../exit-codes.js';
import { onOperation, operationArgument } from '../on-operation.js';
import { renderStatus } from '../render/status.js';

export function define(command: Command, session: Session): void {
  command
    .argument(...operationArgument)
    .addHelpText('after', example('citus-scaler status shop', 'citus-scaler status shop --json | jq .state'))
    .action(runs(session, (app: App, operation: string) => status(app, operation)));
}

function status(app: App, operation: string): Promise<ExitCode> {
  const { io } = app;
  return onOperation(app, operation, async (handle) => {
    const found = await handle.status();
    if (io.json) io.document(found);
    else io.answer(renderStatus(found, io.paint, io.columns, Date.now()));
    return exit.ok;
  });
}
