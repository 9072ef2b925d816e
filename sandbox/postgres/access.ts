import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { giveToServers } from '../os/server-user.js';

/** A server's certificate and key; with `ca` it asks clients for theirs. PEM texts. */
export interface ServerTls {
  cert: string;
  key: string;
  ca?: string | undefined;
}

/** Who may log in to each server, and how. */
export interface Access {
  /**
   * Lines of `pg_hba.conf` for everybody but the superuser, who always comes in with its password: whoever runs the
   * sandbox must. Default: everybody with a password.
   */
  hba?: string[] | undefined;
  tls?: ServerTls | undefined;
}

const files = { cert: 'server.crt', key: 'server.key', ca: 'clients.crt' } as const;

/** Writes what a stopped server's data folder needs for it, and returns the settings that go with it. */
export function writeAccess(dataFolder: string, access: Access, superuser: string): Record<string, string> {
  if (access.hba) {
    const own = ['all', 'replication'].map(
      (database) => `host ${database} ${superuser} 127.0.0.1/32 scram-sha-256`,
    );
    write(join(dataFolder, 'pg_hba.conf'), `${[...own, ...access.hba].join('\n')}\n`);
  }
  if (!access.tls) return {};
  writeCertificate(dataFolder, access.tls);
  return {
    ssl: 'on',
    ssl_cert_file: files.cert,
    ssl_key_file: files.key,
    ...(access.tls.ca === undefined ? {} : { ssl_ca_file: files.ca }),
  };
}

/** Another certificate for a server that has one: it takes it up when its settings are reloaded. */
export function writeCertificate(dataFolder: string, { cert, key, ca }: ServerTls): void {
  write(join(dataFolder, files.cert), cert);
  write(join(dataFolder, files.key), key);
  if (ca !== undefined) write(join(dataFolder, files.ca), ca);
}

/** PostgreSQL refuses a key that others may read. */
function write(path: string, text: string): void {
  writeFileSync(path, text, { mode: 0o600 });
  giveToServers(path);
}
