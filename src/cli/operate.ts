import type { OperationHandle, ScalerClient, StartOptions } from '../client/index.js';
import type { App } from './app.js';
import { exit, type ExitCode } from './exit-codes.js';
import { follow } from './follow/follow.js';
import type { OperationOptions } from './options/operation-options.js';
import { renderStatus } from './render/status.js';

type Start = (client: ScalerClient, options: StartOptions) => Promise<OperationHandle>;

/**
 * Starts an operation and follows it, unless told to detach. Without a worker nothing is started. The id is ours, so that
 * a start whose answer was lost can be asked for again.
 */
export function operate(app: App, newId: string, options: OperationOptions, start: Start): Promise<ExitCode> {
  const { io, patience, withClient } = app;
  const { id = newId } = options;
  return withClient(async (client) => {
    await patience.ask(() => client.needWorker());
    const handle = await patience.ask(() => start(client, { id }), 'temporal');
    const isNew = handle.started || options.id === undefined;
    io.tell(io.paintError.dim(`${isNew ? 'Started' : 'Open already:'} ${handle.id}`));
    if (!options.detach) return follow(app, handle, { dryRun: options.dryRun === true });
    const status = await patience.ask(() => handle.status());
    if (io.json) io.document(status);
    else io.answer(renderStatus(status, io.paint, io.columns, Date.now()));
    io.tell(`Follow it with:\n  citus-scaler watch ${handle.id}`);
    return exit.ok;
  });
}
