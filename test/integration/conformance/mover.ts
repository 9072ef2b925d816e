import pg from 'pg';
import type { SandboxCluster } from '../../../sandbox/index.js';
import { until } from './questions.js';

export interface WantedMove {
  shard: string;
  from: number;
  to: number;
  mode?: 'auto' | 'force_logical' | 'block_writes';
}

export interface RunningMove {
  pid: number;
  /** Rejects with the server's error. Warnings are the messages that came with success. */
  result: Promise<{ warnings: string[] }>;
  /** Ends the connection as a killed client would. */
  abandon(): void;
}

/** Starts a move in a session of its own. */
export async function startMove(cluster: SandboxCluster, move: WantedMove): Promise<RunningMove> {
  const client = new pg.Client({ ...cluster.coordinator.login, application_name: 'conformance move' });
  client.on('error', () => undefined);
  const warnings: string[] = [];
  client.on('notice', ({ severity, message }) => {
    if (severity === 'WARNING' && message !== undefined) warnings.push(message);
  });
  await client.connect();
  const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  const result = client
    .query('SELECT citus_move_shard_placement($1::bigint, $2::int, $3::int, $4::citus.shard_transfer_mode)', [
      move.shard,
      move.from,
      move.to,
      move.mode ?? 'auto',
    ])
    .then(() => ({ warnings }))
    .finally(() => client.end().catch(() => undefined));
  // Whoever asks later still hears of it.
  result.catch(() => undefined);
  const { stream } = (client as unknown as { connection: { stream: { destroy(): void } } }).connection;
  return { pid: rows[0]?.pid ?? 0, result, abandon: () => stream.destroy() };
}

export async function move(cluster: SandboxCluster, wanted: WantedMove): Promise<{ warnings: string[] }> {
  return (await startMove(cluster, wanted)).result;
}

/**
 * Makes moves from these ports last until released. Real Citus waits for open transactions that have written on the
 * source; the stand-in has a setting.
 */
export async function holdMoves(cluster: SandboxCluster, ports: number[]): Promise<() => Promise<void>> {
  if (cluster.flavour === 'stand-in') {
    await setMoveSeconds(cluster, 4);
    return () => setMoveSeconds(cluster, 0);
  }
  const clients = await Promise.all(ports.map((port) => openTransaction(cluster, port)));
  return async () => {
    await Promise.all(clients.map((client) => client.end().catch(() => undefined)));
  };
}

/** Waits until a move shows up in the progress that other sessions see. */
export async function untilItMoves(cluster: SandboxCluster, pid: number): Promise<void> {
  await until('a move in progress', async () => {
    const rows = await cluster.query<{ sessionid: number }>('SELECT sessionid FROM get_rebalance_progress()');
    return rows.some(({ sessionid }) => sessionid === pid);
  });
}

async function setMoveSeconds(cluster: SandboxCluster, seconds: number): Promise<void> {
  if (!cluster.coordinator.isRunning()) return;
  await cluster.query(`ALTER SYSTEM SET stand_in.move_seconds = ${seconds}`);
  await cluster.query('SELECT pg_reload_conf()');
  await until('the reload', async () => {
    const [row] = await cluster.query<{ value: string }>(
      `SELECT current_setting('stand_in.move_seconds') AS value`,
    );
    return row?.value === String(seconds);
  });
}

async function openTransaction(cluster: SandboxCluster, port: number): Promise<pg.Client> {
  const client = new pg.Client({ ...cluster.coordinator.login, port, database: 'postgres' });
  client.on('error', () => undefined);
  await client.connect();
  await client.query('CREATE TABLE IF NOT EXISTS open_transaction (i int)');
  await client.query('BEGIN');
  await client.query('INSERT INTO open_transaction VALUES (1)');
  return client;
}
