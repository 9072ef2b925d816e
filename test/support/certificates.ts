import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import type { ServerTls } from '../../sandbox/postgres/access.js';

/** An authority of our own, that makes certificates. PEM texts. */
export interface Authority {
  ca: string;
  /** For servers: `names` are subject alternative names such as `IP:127.0.0.1`; negative `days`: expired since then. */
  issue: (name: string, wishes?: { names?: string[]; days?: number }) => Promise<ServerTls>;
}

/** Makes an authority with openssl. */
export async function newAuthority(name: string): Promise<Authority> {
  const { cert, key } = await withFolder(async (folder) => {
    await openssl(folder, ['req', '-x509', ...newKey, '-subj', `/CN=${name}`, '-days', '30', '-out', 'cert']);
    return read(folder);
  });
  return {
    ca: cert,
    issue: async (subject, { names = [], days = 30 } = {}) =>
      withFolder(async (folder) => {
        writeFileSync(join(folder, 'ca'), cert);
        writeFileSync(join(folder, 'ca.key'), key);
        const usage = 'extendedKeyUsage=serverAuth,clientAuth';
        writeFileSync(
          join(folder, 'extensions'),
          names.length === 0 ? usage : `${usage}\nsubjectAltName=${names.join(',')}`,
        );
        await openssl(folder, ['req', ...newKey, '-subj', `/CN=${subject}`, '-out', 'request']);
        await openssl(folder, [
          ...['x509', '-req', '-in', 'request', '-CA', 'ca', '-CAkey', 'ca.key', '-CAcreateserial'],
          ...['-days', String(days), '-extfile', 'extensions', '-out', 'cert'],
        ]);
        return read(folder);
      }),
  };
}

const newKey = ['-newkey', 'rsa:2048', '-nodes', '-keyout', 'key'];

async function openssl(cwd: string, args: string[]): Promise<void> {
  await execa('openssl', args, { cwd });
}

function read(folder: string): { cert: string; key: string } {
  return {
    cert: readFileSync(join(folder, 'cert'), 'utf8'),
    key: readFileSync(join(folder, 'key'), 'utf8'),
  };
}

async function withFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'citus-scaler-certificates-'));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
