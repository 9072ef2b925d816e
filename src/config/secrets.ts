import { readFile } from 'node:fs/promises';
import pgpass from 'pgpass';
import type { ClusterConfig, PasswordSource } from './config.js';

/** A password that the config refers to isn't there, or can't be read. The message names the reference, never a value. */
export class SecretMissingError extends Error {
  override readonly name = 'SecretMissingError';
}

/** The server and role that a password is for. */
export interface Target {
  host: string;
  port: number;
  database: string;
  user: string;
}

/**
 * Reads a password at the moment it is needed, so that a rotated one is taken up without a restart and none is kept.
 *
 * @returns undefined when ~/.pgpass has no line for the target; the server may not ask for one
 * @throws SecretMissingError
 */
export async function readPassword(
  cluster: ClusterConfig,
  source: PasswordSource,
  target: Target,
): Promise<string | undefined> {
  switch (source.from) {
    case 'file':
      return (await readSecretFile(cluster, source.path)).replace(/\r?\n$/, '');
    case 'env': {
      const value = process.env[source.name];
      if (value === undefined || value === '') {
        throw new SecretMissingError(
          `The environment variable ${source.name}, which the config names for cluster "${cluster.name}", is not set.`,
        );
      }
      return value;
    }
    case 'pgpass':
      return new Promise((resolve) => pgpass(target, resolve));
  }
}

async function readSecretFile(cluster: ClusterConfig, path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new SecretMissingError(
      `The passwordFile that the config names for cluster "${cluster.name}" can't be read: ${why}.`,
    );
  }
}
