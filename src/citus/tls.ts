import { readFile } from 'node:fs/promises';
import type { ConnectionOptions } from 'node:tls';
import type { TlsConfig } from '../config/index.js';

/**
 * libpq's TLS modes in Node's words. The files are read at connect time, so that a renewed certificate is taken up.
 *
 * @returns false for no TLS
 */
export async function tlsOptions(tls: TlsConfig): Promise<ConnectionOptions | false> {
  if (tls.mode === 'disable') return false;
  const [ca, cert, key] = await Promise.all([tls.ca, tls.cert, tls.key].map(read));
  const verify = tls.mode.startsWith('verify') || (tls.mode === 'require' && ca !== undefined);
  return {
    ...(ca && { ca }),
    ...(cert && { cert }),
    ...(key && { key }),
    rejectUnauthorized: verify,
    ...(tls.mode !== 'verify-full' && { checkServerIdentity: () => undefined }),
  };
}

async function read(path: string | undefined): Promise<string | undefined> {
  return path === undefined ? undefined : readFile(path, 'utf8');
}
