import type { TlsConfig } from '../../config/index.js';

/** TLS isn't as the config wants it, or the server wants it otherwise; nothing that waiting heals. */
export class TlsRefusedError extends Error {
  override readonly name = 'TlsRefusedError';
  constructor(message: string, cause?: unknown) {
    super(message, { cause });
  }
}

/** The server wants the password in clear text over a connection that anyone on the way can read. */
export class CleartextRefusedError extends Error {
  override readonly name = 'CleartextRefusedError';
  constructor(node: string) {
    super(
      `${node} asks for the password in clear text without TLS; it was not sent. Use scram-sha-256 there, or TLS (coordinator.tls).`,
    );
  }
}

/**
 * Explains a connection attempt that failed for TLS, by the setting that is wrong; undefined when it failed for
 * something else.
 */
export function tlsRefused(error: unknown, node: string, tls: TlsConfig): TlsRefusedError | undefined {
  if (!(error instanceof Error)) return undefined;
  const code = 'code' in error ? String(error.code) : '';
  const message = byCertificate(error, code, node, tls) ?? byServer(error, code, node, tls);
  return message === undefined ? undefined : new TlsRefusedError(message, error);
}

/** Node's words for a certificate that doesn't lead to an authority. */
const unknownAuthority = new Set([
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'CERT_SIGNATURE_FAILURE',
  'CERT_UNTRUSTED',
  'INVALID_CA',
]);

/** We refuse the server's certificate. */
function byCertificate(error: Error, code: string, node: string, tls: TlsConfig): string | undefined {
  const modeIs = `coordinator.tls.mode is ${tls.mode}`;
  if (unknownAuthority.has(code)) {
    const authority =
      tls.ca === undefined ? 'coordinator.tls.ca names none' : `coordinator.tls.ca is ${tls.ca}`;
    return `The certificate of ${node} is of no authority that we trust: ${modeIs}, and ${authority}.`;
  }
  if (code === 'CERT_HAS_EXPIRED') return `The certificate of ${node} has expired, and ${modeIs}.`;
  if (code === 'CERT_NOT_YET_VALID') return `The certificate of ${node} is not valid yet, and ${modeIs}.`;
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return `The certificate of ${node} is for other names (${namesIn(error)}), and ${modeIs}.`;
  return undefined;
}

function namesIn(error: Error): string {
  const certificate: unknown = 'cert' in error ? error.cert : undefined;
  const names: unknown =
    typeof certificate === 'object' && certificate !== null && 'subjectaltname' in certificate
      ? certificate.subjectaltname
      : undefined;
  return typeof names === 'string' ? names.slice(0, 200) : 'none';
}

/** The server has no TLS, wants it, or refuses our certificate. */
function byServer(error: Error, code: string, node: string, tls: TlsConfig): string | undefined {
  const { message } = error;
  if (message === 'The server does not support SSL connections')
    return `${node} offers no TLS, and coordinator.tls.mode is ${tls.mode}.`;
  if (code === '28000' && message.endsWith('no encryption'))
    return `${node} takes no such login without TLS, and coordinator.tls.mode is ${tls.mode}: ${message}.`;
  if (code === '28000' && message.includes('valid client certificate'))
    return `${node} wants a client certificate: coordinator.tls.cert and coordinator.tls.key ${tls.cert === undefined ? 'name none' : `name ${tls.cert}, which it doesn't take`}.`;
  if (code.startsWith('ERR_SSL_')) {
    const reason: unknown = 'reason' in error ? error.reason : undefined;
    const why = typeof reason === 'string' ? reason : code;
    return `TLS with ${node} failed: ${why}; see coordinator.tls${tls.cert === undefined ? '' : `, whose cert is ${tls.cert}`}.`;
  }
  return undefined;
}
