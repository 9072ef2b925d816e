import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pgConfig } from '../../sandbox/flavour.js';
import type { SandboxCluster } from '../../sandbox/index.js';
import type { Login } from '../../sandbox/postgres/query.js';

export interface PgbenchReport {
  transactions: number;
  /** Clients that pgbench gave up because a statement failed. */
  failed: number;
  /** Milliseconds, with the time that a transaction waited for its turn. */
  p99: number;
  longest: number;
}

/**
 * pgbench at a steady 300 transactions a second, 4 clients: an update and an insert by key, both on shards that move.
 * Stops when asked, or by itself after ten minutes.
 */
export async function startPgbench(
  cluster: SandboxCluster,
  keys: number,
  /** The server that the statements enter through; default: the coordinator. */
  through: { login: Login } = cluster.coordinator,
): Promise<{ stop: () => Promise<PgbenchReport> }> {
  const [known] = await cluster.query<{ known: boolean }>(
    `select to_regclass('load_log') is not null as known`,
  );
  if (known?.known !== true) {
    await cluster.query('create table load_log (device bigint, at timestamptz, primary key (device, at))');
    await cluster.query(`select create_distributed_table('load_log', 'device', colocate_with => 'big')`);
  }
  const folder = mkdtempSync(join(tmpdir(), 'citus-scaler-bench-'));
  const script = join(folder, 'script.sql');
  writeFileSync(
    script,
    [
      `\\set device random(1, ${keys})`,
      'begin;',
      'update big set n = n + 1 where device = :device;',
      'insert into load_log values (:device, clock_timestamp());',
      'commit;',
      '',
    ].join('\n'),
  );
  const { host, port, database, user, password } = through.login;
  const args = ['-n', '-M', 'prepared', '-c', '4', '-R', '300', '-T', '600', '-f', script];
  const child = spawn(
    join(pgConfig('--bindir') ?? '', 'pgbench'),
    [
      ...args,
      '--log',
      '--log-prefix',
      join(folder, 'log'),
      '-h',
      host,
      '-p',
      String(port),
      '-U',
      user,
      database,
    ],
    { env: { ...process.env, PGPASSWORD: password }, stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let said = '';
  child.stderr.on('data', (data: Buffer) => (said += data.toString()));
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  await sleep(2_000);
  return {
    stop: async () => {
      // pgbench writes its log in blocks: what is of interest must be out before it is ended.
      await sleep(3_000);
      child.kill('SIGTERM');
      await ended;
      const report = summary(folder, said);
      rmSync(folder, { recursive: true });
      return report;
    },
  };
}

/** Third column of the log: microseconds of each transaction. */
function summary(folder: string, said: string): PgbenchReport {
  const times = readdirSync(folder)
    .filter((name) => name.startsWith('log'))
    .flatMap((name) => readFileSync(join(folder, name), 'utf8').split('\n').slice(0, -1))
    .map((line) => Number(line.split(' ')[2]) / 1000)
    .filter((time) => Number.isFinite(time))
    .sort((a, b) => a - b);
  return {
    transactions: times.length,
    failed: said.match(/aborted|ERROR/g)?.length ?? 0,
    p99: times[Math.floor(times.length * 0.99)] ?? 0,
    longest: times.at(-1) ?? 0,
  };
}
