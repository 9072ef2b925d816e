import { readFile } from 'node:fs/promises';
import { createSecureContext, type ConnectionOptions } from 'node:tls';
import type { TlsConfig } from '../../config/index.js';
import { TlsRefusedError } from './tls-refused.js';

/**
 * libpq's TLS modes in Node's words. The files are read at connect time, so that a renewed certificate is taken up.
 *
 * @returns false for no TLS
 * @throws TlsRefusedError for a file that can't be read or used
 */
export async function tlsOptions(tls: TlsConfig): Promise<ConnectionOptions | false> {
  if (tls.mode === 'disable') return false;
  const [ca, cert, key] = await Promise.all([
    readPem('ca', tls.ca),
    readPem('cert', tls.cert),
    readPem('key', tls.key),
  ]);
  const files = { ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) };
  try {
    createSecureContext(files);
  } catch (error) {
    throw new TlsRefusedError(
      `coordinator.tls names files that can't be used: ${causeOf(error)} (${Object.keys(files).join(', ')}).`,
      error,
    );
  }
  const verify = tls.mode.startsWith('verify') || (tls.mode === 'require' && ca !== undefined);
  return {
    ...files,
    rejectUnauthorized: verify,
    ...(tls.mode !== 'verify-full' && { checkServerIdentity: () => undefined }),
  };
}

async function readPem(field: 'ca' | 'cert' | 'key', path: string | undefined): Promise<string | undefined> {
  if (path === undefined) return undefined;
  try {
    const text = await readFile(path, 'utf8');
    if (text.includes('-----BEGIN ')) return text;
  } catch (error) {
    throw new TlsRefusedError(`coordinator.tls.${field} can't be read: ${causeOf(error)}.`, error);
  }
  // OpenSSL takes a file without a certificate for none, and would trust nobody, or everybody whom it knows.
  throw new TlsRefusedError(`coordinator.tls.${field} names ${path}, which is no PEM file.`);
}

function causeOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
