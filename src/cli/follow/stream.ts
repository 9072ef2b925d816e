import type { OperationHandle } from '../../client/index.js';
import type { OperationStatus } from '../../contract/index.js';
import { exit, exitCodeOf, type ExitCode } from '../exit-codes.js';
import type { App } from '../app.js';
import { sayOnce } from './waiting.js';

/** `watch --json`: each status a line, until the operation ends. It waits through approvals; a program may be the one that gives them. */
export async function stream({ io, patience }: App, handle: OperationHandle): Promise<ExitCode> {
  const detach = new AbortController();
  const onInterrupt = (): void => detach.abort();
  process.once('SIGINT', onInterrupt);
  let last: OperationStatus | undefined;
  const away = sayOnce(io.tell);
  const watch = handle.watch({ signal: detach.signal, patience: patience.telling(away) });
  try {
    for await (const status of watch) {
      away(undefined);
      io.document(status, 'line');
      last = status;
    }
  } finally {
    process.off('SIGINT', onInterrupt);
  }
  return last === undefined || detach.signal.aborted ? exit.ok : endCode(last);
}

function endCode({ state, failure }: OperationStatus): ExitCode {
  if (state === 'failed') return exitCodeOf(failure?.type ?? 'Unexpected');
  return state === 'cancelled' ? exit.cancelled : exit.ok;
}
