import type { OperationHandle } from '../../client/index.js';
import type { OperationStatus } from '../../contract/index.js';
import type { App } from '../app.js';
import { exit, exitCodeOfReport, type ExitCode } from '../exit-codes.js';
import type { Io } from '../io.js';
import { isReport, renderReport } from '../render/report.js';
import { renderAttention, renderStatus } from '../render/status.js';
import { askApproval } from './approval.js';
import { createView } from './view.js';

/** How an operation is followed. */
export interface FollowOptions {
  dryRun?: boolean;
  /** The operation is being cancelled on purpose: its cancelled end is what was asked for. */
  cancelling?: boolean;
}

/**
 * Follows an operation to its end, or until a person is needed who isn't there. A worker or a Temporal that is away is
 * waited for. Ctrl-C detaches; it never cancels.
 */
export async function follow(
  { io, patience: usual }: App,
  handle: OperationHandle,
  options: FollowOptions = {},
): Promise<ExitCode> {
  const detach = new AbortController();
  const onInterrupt = (): void => detach.abort();
  process.once('SIGINT', onInterrupt);
  const view = createView(io);
  const patience = usual.telling(view.away);
  let last: OperationStatus | undefined;
  let decidedHash: string | undefined;
  try {
    for await (const status of handle.watch({ signal: detach.signal, patience })) {
      last = status;
      if (needsSomeone(status, options) && !io.interactive) {
        view.show(status);
        view.end('clear');
        return sayWaiting(io, status);
      }
      if (
        status.state === 'awaiting-approval' &&
        status.plan &&
        status.plan.hash !== decidedHash &&
        !options.cancelling
      ) {
        view.pause();
        const answer = await askApproval({ io, patience: usual }, handle, status, status.plan, detach.signal);
        if (answer === 'detach') return sayDetached(io, handle, status);
        decidedHash = status.plan.hash;
      } else view.show(status);
    }
  } finally {
    process.off('SIGINT', onInterrupt);
    view.end('clear');
  }
  if (detach.signal.aborted) return sayDetached(io, handle, last);
  return reportEnd(io, handle, last ?? (await usual.ask(() => handle.status())), options);
}

function needsSomeone({ state }: OperationStatus, { cancelling }: FollowOptions): boolean {
  return state === 'needs-attention' || (state === 'awaiting-approval' && !cancelling);
}

/** Reports on what a person has to decide; the operation stays open. */
function sayWaiting(io: Io, status: OperationStatus): ExitCode {
  if (io.json) io.document(status);
  else if (status.attention) io.warn(renderAttention(status.attention, status, io.paintError, io.columns));
  else io.warn(renderStatus(status, io.paintError, io.columns, Date.now()));
  return exit.waiting;
}

function sayDetached(io: Io, handle: OperationHandle, last: OperationStatus | undefined): ExitCode {
  if (io.json && last) io.document(last);
  io.warn(`Detached. The operation goes on; come back with:\n  citus-scaler watch ${handle.id}`);
  return exit.ok;
}

async function reportEnd(
  io: Io,
  handle: OperationHandle,
  status: OperationStatus,
  { dryRun, cancelling }: FollowOptions,
): Promise<ExitCode> {
  if (status.state === 'done') {
    if (io.json) io.document(status);
    else io.answer(renderReport(status, io.paint, io.columns));
    if (cancelling) {
      io.warn('The cancel came too late: the operation was carried out to its end.');
      return exit.failed;
    }
    return exitCodeOfReport(status, dryRun === true);
  }
  if (status.state === 'cancelled' && cancelling) {
    if (io.json) io.document(status);
    else io.answer(renderReport(status, io.paint, io.columns));
    return exit.ok;
  }
  // The error itself is printed by main, once; the steps were told line by line unless they were drawn.
  const { failure: _, ...rest } = status;
  if (!io.json && !io.quiet && io.live) io.warn(`${renderReport(rest, io.paintError, io.columns)}\n`);
  else if (!io.json && isReport(status)) for (const note of status.notes) io.tell(`· ${note}`);
  await handle.result();
  return exit.failed;
}
