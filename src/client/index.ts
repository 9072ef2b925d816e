import type { Client } from '@temporalio/client';
import type { InspectAnswers, InspectWhat } from '../contract/index.js';
import { connect, type ConnectOptions } from './temporal/connect.js';
import type { Context } from './temporal/context.js';
import { OperationHandle } from './handle.js';
import { inspect, type InspectInputOf } from './inspect.js';
import { listOperations, type ListOptions, type OperationRow } from './list.js';
import { StartsOperations } from './operations.js';
import { resolveOperation, type ResolveOptions } from './resolve.js';
import { countWorkers, noWorker } from './temporal/workers.js';

export * from './errors.js';
export { OperationHandle, type WatchOptions } from './handle.js';
export type { ConnectOptions } from './temporal/connect.js';
export type { InspectInputOf } from './inspect.js';
export type { ListOptions, OperationRow } from './list.js';
export { createPatience, type Patience, type PatienceOptions, type Waiting } from './temporal/patience.js';
export type { ResolveOptions } from './resolve.js';
export type { StartOptions } from './start/start.js';
export type { UpdateOptions } from './updates.js';

/**
 * Starts and follows operations on Citus clusters; it has a method for each type. Talks to Temporal only; the worker
 * does the rest.
 */
export class ScalerClient extends StartsOperations {
  readonly #context: Context;
  readonly #close: () => Promise<void>;

  private constructor(context: Context, close: () => Promise<void>) {
    super(context);
    this.#context = context;
    this.#close = close;
  }

  /**
   * Connects as the standard Temporal environment configuration says (`TEMPORAL_*`, `temporal.toml`), unless overridden.
   * @throws UnreachableError within 10 s, naming the address; ConnectionConfigError
   */
  static async connect(options: ConnectOptions = {}): Promise<ScalerClient> {
    const connected = await connect(options);
    return new ScalerClient(connected, () => connected.close());
  }

  /** Uses a Temporal client that the caller has already, and keeps. */
  static from(client: Client, address = 'the address of the client given'): ScalerClient {
    const target = { address, namespace: client.options.namespace };
    return new ScalerClient({ client, target }, () => Promise.resolve());
  }

  close(): Promise<void> {
    return this.#close();
  }

  /** A handle by id. Nothing is asked yet, so it may be of an operation that isn't there. */
  operation(id: string): OperationHandle {
    return new OperationHandle(this.#context, id);
  }

  /**
   * The operation that a person means: its id, or a cluster's name where just one is open.
   * @throws UnknownOperationError with the candidates
   */
  async resolve(idOrCluster: string, options: ResolveOptions = {}): Promise<OperationHandle> {
    const { id, endedAt } = await resolveOperation(this.#context, idOrCluster, options);
    return new OperationHandle(this.#context, id, { endedAt });
  }

  /** Open operations, newest first; closed ones too with `all`. */
  list(options: ListOptions = {}): Promise<OperationRow[]> {
    return listOperations(this.#context, options);
  }

  /** Looks at a cluster, or at what is registered. Changes nothing. */
  inspect<What extends InspectWhat>(input: InspectInputOf<What>): Promise<InspectAnswers[What]> {
    return inspect(this.#context, input);
  }

  /** How many workers poll; one that died counts for two minutes more. */
  workers(): Promise<number> {
    return countWorkers(this.#context.client, this.#context.target);
  }

  /** @throws UnreachableError when no worker polls, as far as Temporal knows. */
  async needWorker(): Promise<void> {
    if ((await this.workers()) > 0) return;
    throw noWorker('Temporal knows of none that polls; nothing was started.', [], 'unlikely');
  }
}
