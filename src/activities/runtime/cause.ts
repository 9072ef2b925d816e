import { nodeOf, warningsBefore } from '../../citus/session/connect.js';
import { isVague } from './passing.js';

/** What an error of SQL says has happened. */
export interface Cause {
  message: string;
  /** SQLSTATE, or Node's word for trouble with a connection. */
  code?: string;
  /** `host:port` of the other node that it happened on, where Citus says so. */
  node?: string;
}

/**
 * What has happened, by an error and the warnings before it. Of what fails on another node Citus often says only that the
 * connection to it failed; the cause stands in a WARNING just before (measured, docs/citus.md).
 */
export function causeOf(error: Error): Cause {
  const cause = rootOf(error);
  if (!isVague(cause)) return cause;
  // Citus also warns of the end of a connection, in libpq's words.
  return warningsBefore(error).find((warning) => warning.code !== 'XX000' && !isVague(warning)) ?? cause;
}

/** The lines that an error and its cause make as evidence. */
export function linesOf(error: Error): string[] {
  const cause = causeOf(error);
  const root = rootOf(error);
  return [...new Set([lineOf(cause), lineOf(root)])];
}

function lineOf({ message, code, node }: Cause): string {
  const text = code === undefined ? message : `${message} (${code})`;
  return node === undefined ? text : `${node}: ${text}`;
}

/** Node reports a host with several addresses as an AggregateError, whose own message is empty. */
function rootOf(error: Error): Cause {
  const inner = error instanceof AggregateError ? (error.errors[0] as unknown) : error;
  const root = inner instanceof Error ? inner : error;
  const code = 'code' in root && typeof root.code === 'string' ? root.code : undefined;
  const node = nodeOf(root);
  return {
    message: root.message,
    ...(code !== undefined && { code }),
    ...(node !== undefined && { node }),
  };
}

/** The setting of a server by which it ends what takes long or too much room, or refuses to write, if that is what happened. */
export function limitOf({ message }: Pick<Cause, 'message'>): Limit | undefined {
  return limits.find(({ text }) => text.test(message))?.setting;
}

const limits = [
  { setting: 'statement_timeout', text: /due to statement timeout/ },
  { setting: 'lock_timeout', text: /due to lock timeout/ },
  { setting: 'idle_in_transaction_session_timeout', text: /due to idle-in-transaction timeout/ },
  { setting: 'transaction_timeout', text: /due to transaction timeout/ },
  { setting: 'idle_session_timeout', text: /due to idle-session timeout/ },
  { setting: 'default_transaction_read_only', text: /in a read-only transaction/ },
  { setting: 'temp_file_limit', text: /exceeds temp_file_limit/ },
] as const;

/** A setting that ends what takes long or too much room, or refuses to write. */
export type Limit = (typeof limits)[number]['setting'];

/** The thing to repair when one node doesn't let another in: libpq tells it as a failed connection, without a SQLSTATE. */
export function refusedLogin({ message }: Pick<Cause, 'message'>): string | undefined {
  return logins.find(({ text }) => text.test(message))?.repair;
}

const logins = [
  {
    text: /no password supplied|(password|SCRAM|LDAP|PAM|RADIUS|GSSAPI|Ident|Peer|certificate) authentication failed/i,
    repair:
      'let the nodes log in to each other: the password file of the user that runs PostgreSQL there, or pg_dist_authinfo',
  },
  {
    text: /no pg_hba\.conf entry|pg_hba\.conf rejects/,
    repair: 'let the nodes log in to each other: pg_hba.conf of the node named',
  },
  {
    text: /role ".*" (does not exist|is not permitted to log in)/,
    repair: 'let that role log in on the node named',
  },
  {
    text: /database ".*" (does not exist|is not currently accepting connections)/,
    repair: 'let the node named take connections to that database',
  },
  {
    text: /certificate verify failed|server does not support SSL/,
    repair: 'correct citus.node_conninfo, or the certificate of the node named',
  },
  { text: /permission denied/, repair: 'grant what is missing (docs/roles.md)' },
];
