import { setTimeout as sleep } from 'node:timers/promises';
import type { OperationHandle, Patience, ResolveOptions } from '../client/index.js';
import { isOver, type OperationStatus } from '../contract/index.js';
import type { App } from './app.js';
import { exit, type ExitCode } from './exit-codes.js';
import { moment } from './render/text/figures.js';
import { stateWord } from './render/state.js';

/** The argument of commands for an open operation. */
export const operationArgument = [
  '<operation>',
  'its id, or a cluster with just one open operation',
] as const;

/** The argument of commands for an operation that may be over. */
export const anyOperationArgument = [
  '<operation>',
  'its id, or a cluster: its open operation, else its last one',
] as const;

/** Runs something on the operation that a person named. */
export function onOperation<T>(
  { patience, withClient }: App,
  idOrCluster: string,
  work: (handle: OperationHandle) => Promise<T>,
  which: ResolveOptions = {},
): Promise<T> {
  return withClient(
    async (client) => work(await patience.ask(() => client.resolve(idOrCluster, which), 'temporal')),
    { patient: true },
  );
}

/** Shows what an operation says of itself, open or closed. */
export function show(
  app: App,
  idOrCluster: string,
  render: (status: OperationStatus) => string,
): Promise<ExitCode> {
  const { io, patience } = app;
  const answer = async (handle: OperationHandle): Promise<ExitCode> => {
    if (handle.endedAt !== undefined)
      io.tell(
        `No operation is open on ${idOrCluster}. The one that ended last, ${moment(handle.endedAt)} UTC:\n`,
      );
    const status = await patience.ask(() => handle.status());
    if (io.json) io.document(status);
    else io.answer(render(status));
    return exit.ok;
  };
  return onOperation(app, idOrCluster, answer, { orLast: true });
}

/** Giving up ends an operation within half a minute, whatever is unreachable; a rejected plan at once. */
const endPatienceMs = 35_000;

/** Sends an update and says what the operation does now; of one that ends it, once it has ended. */
export function steer(
  app: App,
  idOrCluster: string,
  done: string,
  send: (handle: OperationHandle) => Promise<void>,
  { ends = false } = {},
): Promise<ExitCode> {
  const { io, patience } = app;
  return onOperation(app, idOrCluster, async (handle) => {
    await patience.ask(() => send(handle));
    const status = await (ends ? statusAtEnd(handle, patience) : patience.ask(() => handle.status()));
    const now =
      ends && !isOver(status.state) ? 'it is about to end' : `now ${stateWord(status.state, io.paint)}`;
    if (io.json) io.document(status);
    else io.answer(`${done} ${handle.id}: ${now}`);
    return exit.ok;
  });
}

async function statusAtEnd(handle: OperationHandle, patience: Patience): Promise<OperationStatus> {
  for (const end = Date.now() + endPatienceMs; ;) {
    const status = await patience.ask(() => handle.status());
    if (isOver(status.state) || Date.now() > end) return status;
    await sleep(300);
  }
}
