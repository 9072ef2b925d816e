import type { Command } from 'commander';
import { runs, type App, type Session } from '../app.js';
import { example } from '../example.js';
import { anyOperationArgument, show } from '../on-operation.js';
import { renderStatus } from '../render/status.js';
import { addWaitOption } from '../options/wait-option.js';

/** Defines `status`: its arguments, options, examples and action. */
export function define(command: Command, session: Session): void {
  addWaitOption(command)
    .argument(...anyOperationArgument)
    .addHelpText('after', example('citus-scaler status shop', 'citus-scaler status shop --json | jq .state'))
    .action(
      runs(session, (app: App, operation: string) =>
        show(app, operation, (status) => renderStatus(status, app.io.paint, app.io.columns, Date.now())),
      ),
    );
}
