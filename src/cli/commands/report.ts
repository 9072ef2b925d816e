import type { Command } from 'commander';
import { runs, type App, type Session } from '../app.js';
import { example } from '../example.js';
import { exit, type ExitCode } from '../exit-codes.js';
import { onOperation, operationArgument } from '../on-operation.js';
import { renderReport } from '../render/report.js';

export function define(command: Command, session: Session): void {
  command
    .argument(...operationArgument)
    .addHelpText('after', example('citus-scaler report shop/scaleOut/20261124T091500Z-3f9c --json'))
    .action(runs(session, (app: App, operation: string) => report(app, operation)));
}

/** Of an operation that isn't over, the report is how far it is. */
function report(app: App, operation: string): Promise<ExitCode> {
  const { io } = app;
  return onOperation(app, operation, async (handle) => {
    const status = await handle.status();
    if (io.json) io.document(status);
    else io.answer(renderReport(status, io.paint, io.columns));
    return exit.ok;
  });
}
