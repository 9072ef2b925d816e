import { rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { TlsRefusedError, withCoordinator, type Db } from '../../citus/session/connect.js';
import { UnreachableError } from '../../client/errors.js';
import {
  clusterOf,
  ConfigError,
  loadConfig,
  SecretMissingError,
  type ClusterConfig,
} from '../../config/index.js';
import { formatAddress } from '../../text/address.js';
import { schemaPathFrom } from '../config-schema.js';
import { UsageError } from '../problem.js';
import { configText, type NewCluster } from './config-text.js';

/** A config that lies beside the file that it may become: relative paths in it start there. */
export interface Draft {
  cluster: ClusterConfig;
  /** Makes it the file. */
  keep: () => Promise<void>;
}

/**
 * Writes the config as a draft, checks it as the worker will, and removes it unless it is kept.
 * @throws ConfigError, UsageError
 */
export async function withDraft<T>(
  file: string,
  cluster: NewCluster,
  work: (draft: Draft) => Promise<T>,
): Promise<T> {
  const path = resolve(file);
  const draft = join(dirname(path), `.${basename(path)}.${process.pid}.draft`);
  try {
    await writeFile(draft, configText(cluster, schemaPathFrom(dirname(path))), { mode: 0o644 });
  } catch (error) {
    throw new UsageError(`${file} can't be written: ${messageOf(error)}`);
  }
  try {
    return await work({ cluster: load(draft, file, cluster.name), keep: () => rename(draft, path) });
  } finally {
    await rm(draft, { force: true });
  }
}

function load(draft: string, file: string, name: string): ClusterConfig {
  try {
    return clusterOf(loadConfig(draft), name);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new ConfigError(error.problems.map((line) => line.replaceAll(draft, file)));
  }
}

/**
 * Connects to the coordinator as the worker will.
 * @param otherwise what the person may do instead
 * @throws UnreachableError
 */
export async function askCoordinator<T>(
  cluster: ClusterConfig,
  otherwise: string,
  work: (db: Db) => Promise<T>,
): Promise<T> {
  try {
    const options = { applicationName: 'citus-scaler:init', statementTimeoutSeconds: 10 };
    return await withCoordinator(cluster, options, work);
  } catch (error) {
    const where = cluster.hosts.map((host) => formatAddress({ host, port: cluster.port })).join(', ');
    throw new UnreachableError(
      'cluster',
      `${where}, database ${cluster.database}, can't be used.`,
      { cluster: cluster.name, evidence: [messageOf(error)], remedies: [remedyOf(error), otherwise] },
      error,
    );
  }
}

function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors[0] instanceof Error) return error.errors[0].message;
  return error instanceof Error ? error.message : String(error);
}

function remedyOf(error: unknown): string {
  if (error instanceof SecretMissingError) return 'Check --password-file or --password-env.';
  if (error instanceof TlsRefusedError) return 'Check --tls and --tls-ca.';
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code.startsWith('28')) return 'Check the user and the password.';
  if (code === '3D000') return 'Check the name of the database.';
  if (code === '42P01') return 'Is the citus extension created in this database? (pg_dist_node is missing.)';
  return 'Check the host and the port, and that this machine may connect.';
}
