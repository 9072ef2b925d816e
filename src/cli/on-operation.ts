import type { OperationHandle } from '../client/index.js';
import type { App } from './app.js';
import { exit, type ExitCode } from './exit-codes.js';
import { stateWord } from './render/state.js';

export const operationArgument = [
  '<operation>',
  'its id, or a cluster with just one open operation',
] as const;

/** Runs something on the operation that a person named. */
export function onOperation<T>(
  { withClient }: App,
  named: string,
  work: (handle: OperationHandle) => Promise<T>,
): Promise<T> {
  return withClient(async (client) => work(await client.resolve(named)));
}

/** Sends an update and says what the operation does now. */
export function steer(
  app: App,
  named: string,
  done: string,
  send: (handle: OperationHandle) => Promise<void>,
): Promise<ExitCode> {
  const { io } = app;
  return onOperation(app, named, async (handle) => {
    await send(handle);
    const status = await handle.status();
    if (io.json) io.document(status);
    else io.answer(`${done} ${handle.id}: now ${stateWord(status.state, io.paint)}`);
    return exit.ok;
  });
}
