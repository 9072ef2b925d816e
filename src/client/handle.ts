import { setTimeout as sleep } from 'node:timers/promises';
import { WorkflowNotFoundError } from '@temporalio/client';
import { isOver, type OperationReport, type OperationStatus } from '../contract/index.js';
import { request, type Context } from './temporal/context.js';
import { describeOperation } from './describe.js';
import { failureOf } from './failure.js';
import { explain } from './temporal/grpc.js';
import { createPatience, type Patience } from './temporal/patience.js';
import { rateMeter } from './live/rate.js';
import { readStatus } from './live/status.js';
import { closedError, TakesUpdates } from './updates.js';

/** How to watch an operation. */
export interface WatchOptions {
  /** How often to look; default 1,000. */
  intervalMs?: number;
  /** Ends the watch. The operation goes on. */
  signal?: AbortSignal;
  /** How long to wait for a worker or a Temporal that is away; default: two minutes without an answer. */
  patience?: Patience;
}

/** One operation, open or closed. It has a method for each update, which waits for its outcome. */
export class OperationHandle extends TakesUpdates {
  /** The workflow id. */
  readonly id: string;
  /** False when a start found this operation open already, with equal input. */
  readonly started: boolean;
  /** When it ended, of one that a cluster's name stood for since none was open there; ISO 8601 UTC. */
  readonly endedAt: string | undefined;
  readonly #context: Context;

  constructor(
    context: Context,
    id: string,
    { started = false, endedAt }: { started?: boolean; endedAt?: string | undefined } = {},
  ) {
    super(context, id);
    this.#context = context;
    this.id = id;
    this.started = started;
    this.endedAt = endedAt;
  }

  /**
   * What the operation says of itself, with the live progress of the moves that run.
   * @throws UnknownOperationError, UnreachableError (within 10 s when no worker answers)
   */
  status(): Promise<OperationStatus> {
    return readStatus(this.#context, this.id);
  }

  /**
   * Waits for the end, however long that takes.
   * @throws OperationError with the type, evidence and remedies; OperationCancelledError; UnreachableError, when
   * Temporal was away for longer than is waited for it
   */
  result(patience: Patience = createPatience()): Promise<OperationReport> {
    return patience.ask(async () => {
      await describeOperation(this.#context, this.id);
      try {
        return (await this.#context.client.workflow.getHandle(this.id).result()) as OperationReport;
      } catch (error) {
        throw failureOf(error, this.id) ?? explain(error, this.#context.target);
      }
    }, 'temporal');
  }

  /**
   * Each new status until the operation is closed, the closing one included, with rate and time left. A worker or a
   * Temporal that is away is waited for.
   * @throws UnknownOperationError, UnreachableError
   */
  async *watch({
    intervalMs = 1_000,
    signal,
    patience = createPatience(),
  }: WatchOptions = {}): AsyncGenerator<OperationStatus, void, void> {
    const measure = rateMeter();
    let last = '';
    while (!signal?.aborted) {
      const answer = await patience
        .ask(() => this.status(), 'worker', signal)
        .catch((error: unknown) => {
          if (signal?.aborted) return undefined;
          throw error;
        });
      if (answer === undefined) return;
      const status = measure(answer);
      const text = JSON.stringify(status);
      if (text !== last) yield status;
      last = text;
      if (isOver(status.state) && !isStillClosing(status)) return;
      await sleep(intervalMs, undefined, signal ? { signal } : {}).catch(() => undefined);
    }
  }

  /** Asks Temporal to cancel: stops moves, undoes what can be undone. Returns at once. */
  async cancel(): Promise<void> {
    const { open } = await describeOperation(this.#context, this.id);
    if (!open) throw await closedError(this.#context, this.id, undefined);
    try {
      await request(this.#context, () => this.#context.client.workflow.getHandle(this.id).cancel());
    } catch (error) {
      if (!(error instanceof WorkflowNotFoundError)) throw error;
      throw await closedError(this.#context, this.id, error);
    }
  }
}

/** Whether it says that it failed, and Temporal doesn't say yet why: it keeps its report. */
function isStillClosing({ state, failure }: OperationStatus): boolean {
  return state === 'failed' && failure === undefined;
}
