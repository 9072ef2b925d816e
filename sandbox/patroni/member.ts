import { spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { QueryResultRow } from 'pg';
import { stringify } from 'yaml';
import { pgConfig } from '../flavour.js';
import { childrenOf, identityOf, isSameProcess, signal } from '../os/processes.js';
import { recordedProcess, recordProcess } from '../os/process-record.js';
import { giveToServers, serverUser } from '../os/server-user.js';
import { query, type Login } from '../postgres/query.js';
import { killServer, signalAll, stopServer } from '../postgres/server.js';
import type { PatroniPrograms } from './find.js';

/** What all members of a cluster share. */
export interface MemberPlace {
  folder: string;
  programs: PatroniPrograms;
  etcdPort: number;
  port: number;
  apiPort: number;
  database: string;
  password: string;
  loopWait: number;
}

/** One server that Patroni runs. */
export interface PatroniMember {
  /** As Patroni calls it: `worker-1-2` is the second member of group 1. */
  readonly name: string;
  readonly group: number;
  readonly host: string;
  /** `HOST:PORT` */
  readonly address: string;
  /** Where its Patroni answers. */
  readonly api: string;
  readonly login: Login;
  readonly dataFolder: string;
  start(): void;
  /** SIGTERM of Patroni, which stops the server and lets go of it. */
  stop(): Promise<void>;
  /** SIGKILL of Patroni and the server at once, as when the machine is gone. */
  kill(): Promise<void>;
  query<Row extends QueryResultRow>(text: string, values?: unknown[]): Promise<Row[]>;
}

/** A member, running or not. Each has a host of its own, as in production, on this machine's loopback. */
export function patroniMember(place: MemberPlace, group: number, number: number): PatroniMember {
  const { folder, port, apiPort, database, password } = place;
  const name = `${group === 0 ? 'coordinator' : `worker-${group}`}-${number}`;
  const host = `127.0.${10 + group}.${number}`;
  const own = join(folder, 'nodes', name);
  const dataFolder = join(own, 'data');
  const login: Login = { host, port, database, user: 'postgres', password };
  const end = async (how: NodeJS.Signals): Promise<void> => {
    const identity = recordedProcess(folder, name);
    if (!identity || !isSameProcess(identity)) return;
    const helpers = how === 'SIGKILL' ? childrenOf(identity.pid) : [];
    signal(identity.pid, how);
    for (const pid of helpers) signal(pid, how);
    for (const until = Date.now() + 60_000; isSameProcess(identity) && Date.now() < until;)
      await new Promise((resolve) => setTimeout(resolve, 20));
  };
  return {
    name,
    group,
    host,
    address: `${host}:${port}`,
    api: `http://${host}:${apiPort}`,
    login,
    dataFolder,
    start: () => {
      if (!existsSync(own)) {
        mkdirSync(own, { recursive: true });
        giveToServers(own);
      }
      writeFileSync(
        join(own, 'patroni.yml'),
        stringify(settingsOf(place, { name, group, host, dataFolder })),
      );
      launch(place, name, own);
    },
    stop: async () => {
      await end('SIGTERM');
      await stopServer(dataFolder, 'immediate');
    },
    kill: async () => {
      // The server first stops where it is, so that Patroni can't say goodbye for it.
      signalAll(dataFolder, 'SIGSTOP');
      await end('SIGKILL');
      await killServer(dataFolder);
    },
    query: (text, values) => query(login, text, values),
  };
}

function launch({ programs, folder }: MemberPlace, name: string, own: string): void {
  const log = openSync(join(own, 'patroni.log'), 'a');
  const child = spawn(programs.patroni, [join(own, 'patroni.yml')], {
    ...serverUser(),
    cwd: own,
    detached: true,
    stdio: ['ignore', log, log],
    env: { PATH: `${dirname(programs.patroni)}:/usr/bin:/bin`, LC_ALL: 'C.UTF-8', HOME: own },
  });
  child.on('error', () => undefined);
  child.unref();
  closeSync(log);
  const identity = identityOf(child.pid ?? 0);
  if (identity) recordProcess(folder, name, identity);
}

/** The least that Patroni allows where it matters for speed: a dead member is noticed after `ttl`. */
function settingsOf(
  { port, apiPort, etcdPort, database, password, loopWait }: MemberPlace,
  { name, group, host, dataFolder }: { name: string; group: number; host: string; dataFolder: string },
): object {
  const parameters = {
    max_connections: 100,
    max_worker_processes: 40,
    max_replication_slots: 20,
    max_wal_senders: 20,
    max_logical_replication_workers: 16,
    wal_level: 'logical',
    wal_log_hints: 'on',
  };
  return {
    scope: 'sandbox',
    name,
    restapi: { listen: `${host}:${apiPort}`, connect_address: `${host}:${apiPort}` },
    etcd3: { hosts: `127.0.0.1:${etcdPort}` },
    citus: { group, database },
    bootstrap: {
      dcs: {
        ttl: 20,
        loop_wait: loopWait,
        retry_timeout: 3,
        postgresql: { use_pg_rewind: true, parameters },
      },
      initdb: [{ encoding: 'UTF8' }, { locale: 'C' }, 'data-checksums', 'no-sync'],
    },
    postgresql: {
      listen: `${host}:${port}`,
      connect_address: `${host}:${port}`,
      data_dir: dataFolder,
      bin_dir: pgConfig('--bindir'),
      pgpass: `${dataFolder}.pgpass`,
      basebackup: [{ checkpoint: 'fast' }, 'no-sync'],
      authentication: {
        superuser: { username: 'postgres', password },
        replication: { username: 'replicator', password },
        rewind: { username: 'rewinder', password },
      },
      parameters: {
        unix_socket_directories: '',
        shared_buffers: '32MB',
        dynamic_shared_memory_type: 'mmap',
        fsync: 'off',
        timezone: 'UTC',
        'citus.local_hostname': host,
        'citus.node_conninfo': 'sslmode=prefer',
        'citus.enable_statistics_collection': 'off',
      },
      pg_hba: ['host all all 127.0.0.0/8 scram-sha-256', 'host replication all 127.0.0.0/8 scram-sha-256'],
    },
  };
}
