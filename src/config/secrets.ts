import { readFile } from 'node:fs/promises';
import pgpass from 'pgpass';
import type { ClusterConfig, PasswordSource } from './config.js';

/** A password that the config refers to isn't there. The message names the reference, never a value. */
export class SecretMissingError extends Error {
  override readonly name = 'SecretMissingError';
}

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
 * @throws SecretMissingError, or the file system's own error
 */
export async function readPassword(
  cluster: ClusterConfig,
  source: PasswordSource,
  target: Target,
): Promise<string | undefined> {
  switch (source.from) {
    case 'file':
      return (await readFile(source.path, 'utf8')).replace(/\r?\n$/, '');
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
