import type { OperationHandle, ScalerClient, StartOptions } from '../client/index.js';
import type { App } from './app.js';
import { exit, type ExitCode } from './exit-codes.js';
import { follow } from './follow/follow.js';
import type { OperationOptions } from './operation-options.js';
import { renderStatus } from './render/status.js';

type Start = (client: ScalerClient, options: StartOptions) => Promise<OperationHandle>;

/** Starts an operation and follows it, unless told to detach. Without a worker nothing is started. */
export function operate({ io, withClient }: App, options: OperationOptions, start: Start): Promise<ExitCode> {
  return withClient(async (client) => {
    await client.needWorker();
    const handle = await start(client, options.id === undefined ? {} : { id: options.id });
    io.tell(io.paintError.dim(`${handle.started ? 'Started' : 'Open already:'} ${handle.id}`));
    if (!options.detach) return follow(io, handle, { dryRun: options.dryRun === true });
    const status = await handle.status();
    if (io.json) io.document(status);
    else io.answer(renderStatus(status, io.paint, io.columns, Date.now()));
    io.tell(`Follow it with:\n  citus-scaler watch ${handle.id}`);
    return exit.ok;
  });
}
