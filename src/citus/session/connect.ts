import pg from 'pg';
import { readPassword, SecretMissingError, type ClusterConfig } from '../../config/index.js';
import { formatAddress, type Address } from '../../text/address.js';
import { readNodes } from '../nodes/nodes.js';
import { allowedByConfig, NodeNotAllowedError, splitNode } from './allowed.js';
import { coordinatorError, NoWritableCoordinatorError } from './coordinator-away.js';
import { connectionError, sessionOver, type Db } from './db.js';
import { CleartextRefusedError, tlsRefused, TlsRefusedError } from './tls-refused.js';
import { tlsOptions } from './tls.js';

export { NodeNotAllowedError } from './allowed.js';
export { awayCodes, CoordinatorAwayError, NoWritableCoordinatorError } from './coordinator-away.js';
export { ConnectionLostError, nodeOf, warningsBefore, type Db } from './db.js';
export { TlsRefusedError } from './tls-refused.js';

/** The options of a session. */
export interface ConnectOptions {
  /** Which of the config's two roles; the observer falls back to the operator when the config has none. */
  role?: 'operator' | 'observer';
  applicationName: string;
  /** Default 30; 0 = none. */
  statementTimeoutSeconds?: number;
  /** Seconds to wait for a lock; default 0 = no limit, which a move needs. */
  lockTimeoutSeconds?: number;
  /** Ends the connection, not what the server is at: a statement that waits for no client goes on there. */
  signal?: AbortSignal;
}

const connectionTimeoutMillis = 10_000;

/**
 * Runs `work` in a session of its own on the coordinator. With several hosts the writable one is used.
 *
 * @throws what `work` throws; pg and socket errors as they are; {@link NoWritableCoordinatorError}
 */
export async function withCoordinator<T>(
  cluster: ClusterConfig,
  options: ConnectOptions,
  work: (db: Db) => Promise<T>,
): Promise<T> {
  const [only, ...others] = cluster.hosts;
  if (only !== undefined && others.length === 0) {
    const target = { host: only, port: cluster.port };
    const awayError = (error: unknown): unknown => coordinatorError(cluster, formatAddress(target), error);
    return withServer(cluster, target, options, work, awayError);
  }
  const answers: string[] = [];
  let answer: Error | undefined;
  for (const host of cluster.hosts) {
    let outcome: { result: () => T } | undefined;
    try {
      outcome = await withServer(cluster, { host, port: cluster.port }, options, async (db) =>
        (await isWritable(db)) ? { result: await settle(work(db)) } : undefined,
      );
      if (!outcome) answers.push(`${host} is read-only`);
    } catch (error) {
      if (options.signal?.aborted) throw error;
      answer = error instanceof pg.DatabaseError || error instanceof TlsRefusedError ? error : answer;
      answers.push(`${host}: ${error instanceof Error ? error.message : String(error)}`);
    }
    if (outcome) return outcome.result();
  }
  // A refused password or certificate is nothing that waiting heals.
  if (answer !== undefined && !answers.some((line) => line.endsWith('is read-only'))) throw answer;
  throw new NoWritableCoordinatorError(cluster.name, answers);
}

/**
 * Runs `work` in a session of its own on one server of the cluster.
 *
 * @param node `host:port`: a host of the coordinator, one that `allowedNodes` matches, or a registered node
 * @throws NodeNotAllowedError before anything is sent to a server that nobody allowed
 */
export async function withNode<T>(
  cluster: ClusterConfig,
  node: string,
  options: ConnectOptions,
  work: (db: Db) => Promise<T>,
): Promise<T> {
  const target = splitNode(cluster, node);
  if (!allowedByConfig(cluster, node)) {
    const nodes = await withCoordinator(cluster, options, readNodes);
    const isRegistered = nodes.some((row) => row.node.toLowerCase() === node.toLowerCase());
    if (!isRegistered) throw new NodeNotAllowedError(cluster.name, node);
  }
  return withServer(cluster, target, options, work);
}

async function withServer<T>(
  cluster: ClusterConfig,
  target: Address,
  options: ConnectOptions,
  work: (db: Db) => Promise<T>,
  connectError: (error: unknown) => unknown = (error) => error,
): Promise<T> {
  options.signal?.throwIfAborted();
  const client = await connectClient(cluster, target, options).catch((error: unknown) => {
    throw connectError(error);
  });
  const node = formatAddress(target);
  const drop = () => client.connection.stream.destroy();
  options.signal?.addEventListener('abort', drop, { once: true });
  try {
    const db = sessionOver(client, node, protocolPid(client));
    await prepareSession(db, options);
    return await work(db);
  } catch (error) {
    options.signal?.throwIfAborted();
    throw error;
  } finally {
    options.signal?.removeEventListener('abort', drop);
    await goodbye(client);
  }
}

/** A connected client. `prefer` tries TLS first, as libpq does; pg itself knows only with and without. */
async function connectClient(
  cluster: ClusterConfig,
  target: Address,
  options: ConnectOptions,
): Promise<pg.Client> {
  const node = formatAddress(target);
  const failureOf = (error: unknown): Error =>
    tlsRefused(error, node, cluster.tls) ?? connectionError(error, node);
  const tls = await tlsOptions(cluster.tls);
  try {
    return await connectOnce(cluster, target, options, tls);
  } catch (error) {
    const noTls = error instanceof Error && error.message === 'The server does not support SSL connections';
    if (!noTls || cluster.tls.mode !== 'prefer') throw failureOf(error);
  }
  return connectOnce(cluster, target, options, false).catch((error: unknown) => {
    throw failureOf(error);
  });
}

async function connectOnce(
  cluster: ClusterConfig,
  target: Address,
  options: ConnectOptions,
  ssl: Awaited<ReturnType<typeof tlsOptions>>,
): Promise<pg.Client> {
  const login = (options.role === 'observer' && cluster.observer) || cluster;
  const account = { ...target, database: cluster.database, user: login.user };
  const client = new pg.Client({
    ...account,
    password: async () => {
      const password = await readPassword(cluster, login.password, account);
      if (password !== undefined) return password;
      throw new SecretMissingError(
        `${formatAddress(account)} asks for a password for ${account.user}, and the config of cluster "${cluster.name}" and ~/.pgpass have none.`,
      );
    },
    ssl,
    sslnegotiation: 'postgres',
    application_name: options.applicationName,
    connectionTimeoutMillis,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    types: wholeNumbers(),
  });
  client.on('error', () => undefined); // It reaches the caller by the statement that fails.
  if (!ssl) refuseCleartext(client, formatAddress(target));
  const drop = () => client.connection.stream.destroy();
  options.signal?.addEventListener('abort', drop, { once: true });
  try {
    await client.connect();
    return client;
  } catch (error) {
    drop();
    options.signal?.throwIfAborted();
    throw error;
  } finally {
    options.signal?.removeEventListener('abort', drop);
  }
}

/** pg answers any request for a password; the function that gives it the password can't see which kind was asked for. */
function refuseCleartext(client: pg.Client, node: string): void {
  client.connection.removeAllListeners('authenticationCleartextPassword');
  client.connection.on('authenticationCleartextPassword', () => {
    client.connection.emit('error', new CleartextRefusedError(node));
  });
}

/** The process id that the server's protocol tells: a pooler in between tells another than `pg_backend_pid()`. */
function protocolPid(client: pg.Client): number {
  const pid: unknown = Reflect.get(client, 'processID');
  return typeof pid === 'number' ? pid : 0;
}

async function prepareSession(db: Db, options: ConnectOptions): Promise<void> {
  const settings = {
    search_path: 'pg_catalog',
    // What we ask of catalogs is long and reads little: compiling it would take far longer (measured: 12 s for 20 ms).
    jit: 'off',
    statement_timeout: `${options.statementTimeoutSeconds ?? 30}s`,
    lock_timeout: `${options.lockTimeoutSeconds ?? 0}s`,
    // These may be set for the database or the role, and end what takes long, or what only waits for its turn.
    transaction_timeout: '0',
    idle_in_transaction_session_timeout: '0',
    idle_session_timeout: '0',
    // A statement goes on without its client, but a message to a client that is gone ends it. Warnings come as it fails.
    client_min_messages: 'warning',
    client_connection_check_interval: '0',
    'citus.node_connection_timeout': '5s',
    // With it off a move is told to no other node, and a new one is told nothing at all (measured, docs/citus.md).
    'citus.enable_metadata_sync': 'on',
  };
  // pg_settings doesn't list all of them.
  await db.query(
    `SELECT set_config(name, value, false) FROM unnest($1::text[], $2::text[]) w(name, value)
      WHERE current_setting(name, true) IS NOT NULL`,
    [Object.keys(settings), Object.values(settings)],
  );
}

async function isWritable(db: Db): Promise<boolean> {
  const [row] = await db.query<{ writable: boolean }>(
    `SELECT NOT pg_is_in_recovery() AND current_setting('transaction_read_only') = 'off' AS writable`,
  );
  return row?.writable ?? false;
}

/** Keeps an error of the caller's work apart from an error of the connection: only the latter leads to the next host. */
async function settle<T>(work: Promise<T>): Promise<() => T> {
  try {
    const result = await work;
    return () => result;
  } catch (error) {
    return () => {
      throw error;
    };
  }
}

/** Ends the session politely, and without waiting for a server that is frozen. */
async function goodbye(client: pg.Client): Promise<void> {
  const cut = setTimeout(() => client.connection.stream.destroy(), 1_000);
  await client.end().catch(() => undefined);
  clearTimeout(cut);
}

/** Whole numbers of 8 bytes as JavaScript numbers: shard ids, sizes and node ids stay far below 2^53. */
function wholeNumbers(): pg.CustomTypesConfig {
  const types = new pg.TypeOverrides();
  types.setTypeParser(pg.types.builtins.INT8, Number);
  types.setTypeParser(int8Array, (value: string) =>
    value === '{}' ? [] : value.slice(1, -1).split(',').map(Number),
  );
  return types;
}

const int8Array = 1016;
