import { isIP } from 'node:net';
import { generate } from 'selfsigned';
import type { ServerTls } from '../../sandbox/postgres/access.js';

/** An authority of our own, that makes certificates. PEM texts. */
export interface Authority {
  ca: string;
  /** For servers: `names` are host names and IP addresses; negative `days`: expired since then. */
  issue: (name: string, wishes?: { names?: string[]; days?: number }) => Promise<ServerTls>;
}

const kind = { keyType: 'ec', algorithm: 'sha256' } as const;
const day = 24 * 60 * 60 * 1_000;

/** Makes an authority. No program makes certificates: OpenSSL 3.4 and later refuse to make expired ones, and not every machine has it. */
export async function newAuthority(name: string): Promise<Authority> {
  const authority = await generate(subjectOf(name), {
    ...kind,
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, critical: true },
    ],
  });
  return {
    ca: authority.cert,
    issue: async (subject, { names = [], days = 30 } = {}) => {
      const now = Date.now();
      const made = await generate(subjectOf(subject), {
        ...kind,
        ca: { key: authority.private, cert: authority.cert },
        // An expired one begins before it ends, too.
        notBeforeDate: new Date(now + Math.min(0, days) * day - day),
        notAfterDate: new Date(now + days * day),
        extensions: [
          { name: 'extKeyUsage', serverAuth: true, clientAuth: true },
          ...(names.length === 0
            ? []
            : [{ name: 'subjectAltName' as const, altNames: names.map(alternativeName) }]),
        ],
      });
      return { cert: made.cert, key: made.private };
    },
  };
}

function subjectOf(name: string): { name: string; value: string }[] {
  return [{ name: 'commonName', value: name }];
}

function alternativeName(name: string): { type: 2; value: string } | { type: 7; ip: string } {
  return isIP(name) === 0 ? { type: 2, value: name } : { type: 7, ip: name };
}
