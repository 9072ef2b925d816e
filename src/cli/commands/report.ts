import type { Command } from 'commander';
import { runs, type App, type Session } from '../app.js';
import { example } from '../example.js';
import { anyOperationArgument, show } from '../on-operation.js';
import { renderReport } from '../render/report.js';
import { addWaitOption } from '../options/wait-option.js';

/** Defines `report`. While an operation isn't over, its report is how far it is. */
export function define(command: Command, session: Session): void {
  addWaitOption(command)
    .argument(...anyOperationArgument)
    .addHelpText(
      'after',
      example('citus-scaler report shop', 'citus-scaler report shop/scaleOut/20261124T091500Z-3f9c --json'),
    )
    .action(
      runs(session, (app: App, operation: string) =>
        show(app, operation, (status) => renderReport(status, app.io.paint, app.io.columns)),
      ),
    );
}
