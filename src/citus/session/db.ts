import { DatabaseError, type Client } from 'pg';

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
  /** The last 100 notices and warnings, message only. */
  readonly notices: string[];
  /**
   * Runs one statement.
   *
   * @throws pg's DatabaseError (`code` = SQLSTATE) as it is, {@link ConnectionLostError} when the session is gone
   */
  query<Row>(text: string, params?: unknown[]): Promise<Row[]>;
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
  const notices: string[] = [];
  client.on('notice', (notice) => {
    notices.push(notice.message ?? '');
    if (notices.length > 100) notices.shift();
  });
  return {
    node,
    notices,
    backendPid: protocolPid,
    async query<Row>(text: string, params: unknown[] = []): Promise<Row[]> {
      try {
        const result = await client.query(text, params);
        return result.rows as Row[];
      } catch (error) {
        throw connectionError(error, node);
      }
    },
  };
}
