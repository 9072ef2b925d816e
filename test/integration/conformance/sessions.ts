import pg from 'pg';
import type { SandboxCluster } from '../../../sandbox/index.js';
import { errorOf, type Refusal } from './questions.js';

/** A session with the coordinator that stays open between statements. */
export interface Session {
  readonly pid: number;
  query(text: string, values?: unknown[]): Promise<pg.QueryResult>;
  /** What the server says when it ends the session. */
  ended(): Promise<Refusal>;
}

const open: pg.Client[] = [];

export async function openSession(cluster: SandboxCluster): Promise<Session> {
  const client = new pg.Client({ ...cluster.coordinator.login, application_name: 'conformance session' });
  const ended = new Promise<Refusal>((resolve) => {
    client.once('error', (error) => resolve(errorOf(error)));
  });
  client.on('error', () => undefined);
  await client.connect();
  open.push(client);
  const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  return {
    pid: rows[0]?.pid ?? 0,
    query: (text, values) => {
      const result = client.query(text, values);
      // Whoever asks later still hears of it.
      result.catch(() => undefined);
      return result;
    },
    ended: () => ended,
  };
}

/** Ends all of them; what they have not committed is taken back. */
export async function endSessions(): Promise<void> {
  await Promise.all(open.splice(0).map((client) => client.end().catch(() => undefined)));
}

export async function isWaiting(cluster: SandboxCluster, { pid }: Session): Promise<boolean> {
  const rows = await cluster.query(
    `SELECT FROM pg_stat_activity WHERE pid = $1 AND wait_event_type = 'Lock'`,
    [pid],
  );
  return rows.length > 0;
}
