import { setTimeout as sleep } from 'node:timers/promises';
import type { OperationHandle } from '../../client/index.js';
import { rateMeter } from '../../client/rate.js';
import type { OperationStatus } from '../../contract/index.js';

/** An operation outlives its worker; a deploy takes less than this. */
const patienceMs = 60_000;

/**
 * The statuses of an operation; once it was seen, a worker or a Temporal that is away for a moment is waited for.
 * Progress never runs backwards, also when the watch had to begin anew.
 */
export async function* patientWatch(
  handle: OperationHandle,
  signal: AbortSignal,
  away: (message: string) => void,
): AsyncGenerator<OperationStatus, void, void> {
  const measure = rateMeter();
  let lastAnswerAt: number | undefined;
  while (!signal.aborted) {
    try {
      for await (const status of handle.watch({ signal, intervalMs: 1_000 })) {
        lastAnswerAt = Date.now();
        yield measure(status);
      }
      return;
    } catch (error) {
      if (!isUnreachable(error) || lastAnswerAt === undefined || Date.now() - lastAnswerAt > patienceMs)
        throw error;
      away(`${error.message} The operation stays open; waiting for an answer.`);
      await sleep(1_000);
    }
  }
}

function isUnreachable(error: unknown): error is Error {
  return error instanceof Error && 'type' in error && error.type === 'Unreachable';
}
