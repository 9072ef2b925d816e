import type { ConnectionOptions } from '@temporalio/client';
import { Client, Connection } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { ConnectionConfigError } from '../errors.js';
import { explain, requestTimeoutMs, unreachable, type Target } from './grpc.js';

/**
 * The way to Temporal. What is left out comes from the standard Temporal environment configuration: `TEMPORAL_*`
 * variables and the profile of `temporal.toml`.
 */
export interface ConnectOptions {
  profile?: string;
  /** `host:port` */
  address?: string;
  namespace?: string;
  tls?: ConnectionOptions['tls'];
  apiKey?: string;
}

/** A connection to Temporal, with what closes it. */
export interface Connected {
  client: Client;
  target: Target;
  close(): Promise<void>;
}

interface Resolved {
  connection: ConnectionOptions & { apiKey?: string };
  target: Target;
}

/**
 * Options of the connection, from the environment and what overrides it.
 * @throws ConnectionConfigError
 */
export function resolveConnection(options: ConnectOptions): Resolved {
  const { connectionOptions, namespace } = load(options.profile);
  const address = options.address ?? connectionOptions.address ?? '127.0.0.1:7233';
  const tls = options.tls ?? connectionOptions.tls;
  const apiKey = options.apiKey ?? connectionOptions.apiKey;
  return {
    connection: {
      address,
      connectTimeout: requestTimeoutMs,
      // By default gRPC waits up to two minutes before it tries again to reach a server that was away for one.
      channelArgs: { 'grpc.max_reconnect_backoff_ms': 2_000 },
      ...(tls !== undefined && { tls }),
      ...(apiKey !== undefined && { apiKey }),
      ...(connectionOptions.metadata && { metadata: connectionOptions.metadata }),
    },
    target: { address, namespace: options.namespace ?? namespace ?? 'default' },
  };
}

function load(profile: string | undefined): ReturnType<typeof loadClientConnectConfig> {
  try {
    return loadClientConnectConfig(profile === undefined ? {} : { profile });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ConnectionConfigError(`The Temporal configuration can't be used: ${reason}`, error);
  }
}

/**
 * Connects to Temporal.
 * @throws UnreachableError, ConnectionConfigError
 */
export async function connect(options: ConnectOptions): Promise<Connected> {
  const { connection: connectionOptions, target } = resolveConnection(options);
  const connection = await open(connectionOptions, target);
  const client = new Client({ connection, namespace: target.namespace });
  return { client, target, close: () => connection.close() };
}

async function open(options: ConnectionOptions, target: Target): Promise<Connection> {
  try {
    return await Connection.connect(options);
  } catch (error) {
    const described = explain(error, target);
    if (described !== error) throw described;
    throw unreachable(target, [error instanceof Error ? error.message : String(error)], error);
  }
}
