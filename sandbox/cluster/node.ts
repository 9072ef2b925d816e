import { findBinaries } from '../postgres/binaries.js';
import { query, sqlState, type Login } from '../postgres/query.js';
import { untilReady } from '../postgres/ready.js';
import { killServer, launch, runningPid, signalAll, stopServer, type StopMode } from '../postgres/server.js';
import { template } from '../postgres/template.js';
import { scramVerifier } from '../postgres/verifier.js';
import { dataFolderOf, passwordFileOf, readClusterRecord, readNodeRecord } from './layout.js';
import { readPassword } from './password.js';
import type { QueryResultRow } from 'pg';

/** One PostgreSQL server of a cluster. */
export interface SandboxNode {
  readonly name: string;
  readonly host: '127.0.0.1';
  readonly port: number;
  /** `127.0.0.1:PORT` */
  readonly address: string;
  readonly dataFolder: string;
  /** Idempotency key, when the provisioner made it. */
  readonly key?: string;
  /** How to connect to the cluster's database on it. */
  readonly login: Login;
  /** The postmaster's process id; undefined while it is stopped. */
  pid(): number | undefined;
  isRunning(): boolean;
  /** Starts the server again on the same port, and waits until it answers; nothing when it runs. */
  start(): Promise<void>;
  /** Default `fast`. */
  stop(mode?: StopMode): Promise<void>;
  /** SIGKILL of the whole server, as a crash of the machine. */
  kill(): Promise<void>;
  /** SIGSTOP of the whole server: connections hang and nothing is refused. */
  freeze(): void;
  thaw(): void;
  /** Runs one statement in the cluster's database on a connection of its own. */
  query<Row extends QueryResultRow>(text: string, values?: unknown[]): Promise<Row[]>;
}

/** A node by its folder, running or not. */
export function openNode(folder: string, name: string): SandboxNode {
  const { port, key } = readNodeRecord(folder, name);
  const { database, user } = readClusterRecord(folder);
  const login: Login = { host: '127.0.0.1', port, database, user, password: readPassword(folder) };
  const dataFolder = dataFolderOf(folder, name);
  return {
    name,
    host: '127.0.0.1',
    port,
    address: `127.0.0.1:${port}`,
    dataFolder,
    ...(key === undefined ? {} : { key }),
    login,
    pid: () => runningPid(dataFolder),
    isRunning: () => runningPid(dataFolder) !== undefined,
    start: () => start(folder, dataFolder, login),
    stop: (mode = 'fast') => stopServer(dataFolder, mode),
    kill: () => killServer(dataFolder),
    freeze: () => void signalAll(dataFolder, 'SIGSTOP'),
    thaw: () => void signalAll(dataFolder, 'SIGCONT'),
    query: (text, values) => query(login, text, values),
  };
}

async function start(folder: string, dataFolder: string, login: Login): Promise<void> {
  const { flavour, database } = readClusterRecord(folder);
  const binaries = findBinaries(flavour);
  if (runningPid(dataFolder) === undefined) launch(binaries, dataFolder, passwordFileOf(folder));
  const maintenance = { ...login, database: 'postgres' };
  try {
    await untilReady(maintenance, dataFolder);
  } catch (error) {
    if (sqlState(error) !== '28P01') throw error;
    const { password } = await template(flavour, database, binaries);
    await personalise(login, password);
  }
}

/** A fresh copy still has the template's password, and its server id, by which Citus tells whether a node is itself. */
async function personalise(login: Login, templatePassword: string): Promise<void> {
  const own = `jsonb_set(metadata, '{server_id}', to_jsonb(gen_random_uuid()))`;
  await query({ ...login, password: templatePassword }, `UPDATE pg_dist_node_metadata SET metadata = ${own}`);
  // Last, since it is what tells a fresh copy.
  await query(
    { ...login, password: templatePassword },
    `ALTER ROLE ${login.user} PASSWORD '${scramVerifier(login.password)}'`,
  );
}
