import type { GovernorLimit, TransferMode } from '../contract/index.js';

/** The config as the worker uses it. It holds no secret: passwords are read when a connection is opened (secrets.ts). */
export interface Config {
  /** Absolute path of the file it came from. */
  file: string;
  clusters: ClusterConfig[];
  /** Absolute path of the folder that keeps final reports. */
  reports?: string;
  /** Base address of the Temporal UI, without a slash at its end. */
  temporalUi?: string;
  /** Why the file, which has changed since, was not taken up. */
  notTaken?: string;
}

/** A cluster of the config, as the worker uses it. */
export interface ClusterConfig {
  name: string;
  /** Candidates for the coordinator, lower case; the writable one is used. */
  hosts: string[];
  port: number;
  database: string;
  /** The role that acts. */
  user: string;
  password: PasswordSource;
  tls: TlsConfig;
  /** The role that reads; absent: the one that acts reads too. */
  observer?: { user: string; password: PasswordSource };
  workersFrom?: { command: CommandProvisioner };
  /** Patterns for `host:port` that may be connected to, besides the coordinator and registered nodes. */
  allowedNodes: string[];
  movement: Movement;
  /** Where the REST API of Patroni listens, on the host of each server that it runs. */
  patroni: { port: number; https: boolean };
  /** When data may move; absent: at any time. */
  windows?: Windows;
  /** Tells a physical copy of the coordinator's server from the original. */
  lockName?: string;
  /** Whether its sizes, rows and standbys are sampled each hour. */
  samples: boolean;
  /** Absent: the request decides. */
  approval?: 'required' | 'auto';
}

/** Where a password is found at connect time. `pgpass` is PostgreSQL's own ~/.pgpass (or $PGPASSFILE). */
export type PasswordSource =
  { from: 'file'; path: string } | { from: 'env'; name: string } | { from: 'pgpass' };

/** The modes of `coordinator.tls`, named and meant as in libpq. */
export const tlsModes = ['disable', 'prefer', 'require', 'verify-ca', 'verify-full'] as const;

/** The TLS of connections to a cluster's servers. */
export interface TlsConfig {
  /** `require` with a `ca` checks the certificate like `verify-ca`. */
  mode: (typeof tlsModes)[number];
  /** Absolute paths of PEM files. */
  ca?: string;
  cert?: string;
  key?: string;
}

/** Programs with their arguments, never shell lines. */
export interface CommandProvisioner {
  start: string[];
  stop: string[];
  list: string[];
}

interface Movement {
  transferMode: TransferMode;
  /** Seconds; 0: never. */
  maxWriteStall: number;
  parallelMoves: number;
  tune: boolean;
  /** Absent: the load on the cluster isn't watched. */
  governor?: GovernorConfig;
}

/** The limits of the load while data moves, and how often it is looked at, in seconds. */
export type GovernorConfig = Partial<Record<GovernorLimit, number>> & { everySeconds: number };

/** Maintenance windows. Times of the day are those of `timezone`. */
export interface Windows {
  timezone: string;
  /** Absent: always, but for `deny`. */
  allow?: WindowRule[];
  deny: WindowRule[];
  graceSeconds: number;
}

/** Begins as the cron schedule says and lasts so long. */
export interface WindowRule {
  schedule: string;
  seconds: number;
}

/** The config names no cluster of this name. */
export class UnknownClusterError extends Error {
  override readonly name = 'UnknownClusterError';
  constructor(
    readonly cluster: string,
    readonly names: string[],
    notTaken?: string,
  ) {
    const changed =
      notTaken === undefined ? '' : ` Its file has changed since, and was not taken up: ${notTaken}`;
    super(
      `The config names no cluster "${cluster}"; it names ${names.map((name) => `"${name}"`).join(', ')}.${changed}`,
    );
  }
}

/**
 * The cluster of this name.
 *
 * @throws UnknownClusterError
 */
export function clusterOf(config: Config, name: string): ClusterConfig {
  const cluster = config.clusters.find((cluster) => cluster.name === name);
  if (cluster === undefined) {
    throw new UnknownClusterError(
      name,
      config.clusters.map((cluster) => cluster.name),
      config.notTaken,
    );
  }
  return cluster;
}
