import type { Client } from 'pg';

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

/** The server can't be reached in time, or the session broke. Passing; `code` is Node's word for it. */
export class ConnectionLostError extends Error {
  override readonly name = 'ConnectionLostError';
  constructor(
    readonly node: string,
    readonly code: 'ETIMEDOUT' | 'ECONNRESET',
  ) {
    super(code === 'ETIMEDOUT' ? `No answer from ${node} in time.` : `The connection to ${node} was lost.`);
  }
}

/** pg tells a timeout and a lost connection by their message only. */
export function connectionError(error: unknown, node: string): Error {
  if (!(error instanceof Error)) return new Error(String(error));
  if ('code' in error)
    return error.code === 'ECONNRESET' ? new ConnectionLostError(node, 'ECONNRESET') : error;
  if (error.message === 'timeout expired') return new ConnectionLostError(node, 'ETIMEDOUT');
  const lost = /^Connection terminated|not queryable|Client was closed/.test(error.message);
  return lost ? new ConnectionLostError(node, 'ECONNRESET') : error;
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
