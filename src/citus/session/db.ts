import { DatabaseError, type Client } from 'pg';
import { formatAddress } from '../../text/address.js';

/**
 * An open session. Whole numbers arrive as JavaScript numbers, so a statement casts what may pass 2^53 (a system
 * identifier, a WAL position) to text. `search_path` is `pg_catalog` alone: tables come out qualified as regclass, and
 * nobody's function of the same name is called by mistake.
 */
export interface Db {
  /** `host:port` that was connected to. */
  readonly node: string;
  /** The backend's process id, as the server's protocol told it. */
  readonly backendPid: number;
  /** The last 100 warnings, message only. */
  readonly warnings: string[];
  /**
   * Runs one statement.
   *
   * @throws pg's DatabaseError (`code` = SQLSTATE) as it is, {@link ConnectionLostError} when the session is gone
   */
  query<Row>(text: string, params?: unknown[]): Promise<Row[]>;
}

/** A WARNING of a statement. Never its DETAIL, which may quote rows. */
export interface Warning {
  /** SQLSTATE; Citus repeats that of the other node. */
  code: string;
  message: string;
  /** `host:port` of the node that it came from, where Citus says so. */
  node?: string;
}

const warningsOf = new WeakMap<Error, readonly Warning[]>();

/**
 * The warnings that came with a statement before it failed: when something fails on another node, Citus often warns of
 * the cause and then errs with less. Those without a SQLSTATE of their own are left out, as they may be a user's.
 */
export function warningsBefore(error: Error): readonly Warning[] {
  return warningsOf.get(error) ?? [];
}

/** The node that an error or a warning came from, `host:port`, where Citus says so. */
export function nodeOf(error: object): string | undefined {
  const where = 'where' in error && typeof error.where === 'string' ? error.where : '';
  const [, host, port] = /while executing command on (\S+):(\d+)/.exec(where) ?? [];
  return host === undefined ? undefined : formatAddress({ host, port: Number(port) });
}

/** The server can't be reached in time, or the session broke, however that showed. Passing; `code` is Node's word for it. */
export class ConnectionLostError extends Error {
  override readonly name = 'ConnectionLostError';
  constructor(
    readonly node: string,
    readonly code: 'ETIMEDOUT' | 'ECONNRESET',
    cause?: Error,
  ) {
    const why = cause instanceof DatabaseError ? `: ${cause.message}` : '';
    super(
      code === 'ETIMEDOUT' ? `No answer from ${node} in time.` : `The connection to ${node} was lost${why}.`,
      cause && { cause },
    );
  }
}

/** The calls that open a connection: their errors say by themselves why there is none. */
const opening = new Set(['connect', 'getaddrinfo']);

/** Makes one error of all the ways in which a session can end; any other error is given back as it is. */
export function connectionError(error: unknown, node: string): Error {
  if (!(error instanceof Error)) return new Error(String(error));
  if (error instanceof DatabaseError)
    return endsSession(error) ? new ConnectionLostError(node, 'ECONNRESET', error) : error;
  const { code, syscall } = error as NodeJS.ErrnoException;
  if (code === 'ETIMEDOUT' || error.message === 'timeout expired')
    return new ConnectionLostError(node, 'ETIMEDOUT', error);
  if (syscall !== undefined && opening.has(syscall)) return error;
  // pg tells some of them by their message only.
  const isLost =
    syscall !== undefined ||
    code === 'ECONNRESET' ||
    code?.startsWith('ERR_STREAM_') ||
    /^Connection terminated|not queryable|Client was closed/.test(error.message);
  return isLost ? new ConnectionLostError(node, 'ECONNRESET', error) : error;
}

/** The server says that it ends this session (57P01, 57P02). Of another node's session Citus says it as an error. */
function endsSession({ code, severity }: DatabaseError): boolean {
  return severity === 'FATAL' && (code === '57P01' || code === '57P02');
}

/** @internal for connect.ts: a session over a client that is connected. */
export function sessionOver(client: Client, node: string, protocolPid: number): Db {
  const warnings: string[] = [];
  /** Those of the statement that runs. */
  let latest: Warning[] = [];
  client.on('notice', (notice) => {
    const { message = '', code = '' } = notice;
    warnings.push(message);
    if (warnings.length > 100) warnings.shift();
    const from = nodeOf(notice);
    if (!unspecific.test(code) && latest.length < 20)
      latest.push({ code, message, ...(from !== undefined && { node: from }) });
  });
  return {
    node,
    warnings,
    backendPid: protocolPid,
    async query<Row>(text: string, params: unknown[] = []): Promise<Row[]> {
      latest = [];
      try {
        const result = await client.query(text, params);
        return result.rows as Row[];
      } catch (error) {
        const failure = connectionError(error, node);
        if (latest.length > 0) warningsOf.set(failure, latest);
        throw failure;
      }
    },
  };
}

/** The SQLSTATEs of warnings that name no error: also those that a user's function raises. */
const unspecific = /^(00|01|$)/;
