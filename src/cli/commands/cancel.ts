import type { Command } from 'commander';
import type { OperationHandle } from '../../client/index.js';
import { UpdateRejectedError } from '../../client/errors.js';
import { isOver } from '../../contract/index.js';
import { runs, type App, type Session } from '../app.js';
import { cancelOutlook } from '../cancel-outlook.js';
import { example } from '../example.js';
import { exit, type ExitCode } from '../exit-codes.js';
import { follow } from '../follow/follow.js';
import { onOperation, operationArgument } from '../on-operation.js';
import { wrap } from '../render/text/text.js';
import { addWaitOption } from '../options/wait-option.js';

interface Options {
  yes?: boolean;
  detach?: boolean;
}

/** Defines `cancel`: its arguments, options, examples and action. */
export function define(command: Command, session: Session): void {
  addWaitOption(command)
    .argument(...operationArgument)
    .option('-y, --yes', 'do not ask (without a terminal nobody is asked)')
    .option('--detach', 'ask for it and return')
    .addHelpText('after', example('citus-scaler cancel shop'))
    .action(
      runs(session, (app: App, operation: string, options: Options) =>
        onOperation(app, operation, (handle) => cancel(app, handle, options)),
      ),
    );
}

/** Asks the status first: Temporal accepts every cancel request, so a person hears before what a cancel would do. */
async function cancel(app: App, handle: OperationHandle, { yes, detach }: Options): Promise<ExitCode> {
  const { io, patience } = app;
  const before = await patience.ask(() => handle.status());
  const outlook = cancelOutlook(before);
  if (isOver(before.state)) throw new UpdateRejectedError('Rejected', handle.id, outlook.says);
  for (const line of [outlook.says, ...outlook.undoes])
    io.tell(wrap(line, io.columns, line.startsWith(' ') ? 4 : 0));
  if (io.interactive && !yes && !(await confirmCancel())) {
    io.warn('Nothing was cancelled.');
    return exit.ok;
  }
  await patience.ask(() => handle.cancel(), 'temporal');
  if (!detach) return follow(app, handle, { cancelling: true });
  const status = await patience.ask(() => handle.status());
  if (io.json) io.document(status);
  io.tell(`Cancel requested. Follow it with:\n  citus-scaler watch ${handle.id}`);
  return exit.ok;
}

async function confirmCancel(): Promise<boolean> {
  const { confirm } = await import('@clack/prompts');
  return (await confirm({ message: 'Cancel it?', initialValue: false, output: process.stderr })) === true;
}
