import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { QueryResultRow } from 'pg';
import { onExit } from '../os/on-exit.js';
import { freePort } from '../os/ports.js';
import { identityOf } from '../os/processes.js';
import { recordProcess } from '../os/process-record.js';
import { makeSandboxFolder } from '../os/sandbox-folder.js';
import { endAndRemove, sweepLeftovers } from '../os/sweep.js';
import { findPatroni } from './find.js';
import { patroniMember, type MemberPlace, type PatroniMember } from './member.js';

/** A Citus cluster that Patroni keeps available, with etcd. */
export interface PatroniCluster {
  readonly folder: string;
  readonly database: string;
  readonly user: string;
  readonly password: string;
  readonly members: PatroniMember[];
  /** Of every member. */
  readonly port: number;
  readonly apiPort: number;
  /** Members of a group, the one that bootstrapped it first. */
  group(group: number): PatroniMember[];
  /** The member that leads a group now. */
  leader(group: number): Promise<PatroniMember>;
  /** Starts a further group and waits until its first member leads it; the others follow by themselves. */
  addGroup(group: number, members: number): Promise<void>;
  /** Has Patroni hand the group over to another member, and waits for nothing. */
  switchover(group: number): Promise<void>;
  /** Waits until the coordinator has so many active rows. */
  untilRegistered(rows: number): Promise<void>;
  /** Runs one statement on the coordinator's leader. */
  query<Row extends QueryResultRow>(text: string, values?: unknown[]): Promise<Row[]>;
  stop(): Promise<void>;
}

/** Starts a cluster; `members` of each group, the coordinator's first. */
export async function startPatroniCluster(groups: number[], { loopWait = 1 } = {}): Promise<PatroniCluster> {
  const programs = findPatroni();
  if ('missing' in programs) throw new Error(programs.missing);
  sweepLeftovers();
  const folder = makeSandboxFolder({});
  const forget = onExit(() => endAndRemove(folder));
  mkdirSync(join(folder, 'nodes'));
  const [etcdPort, peerPort, port, apiPort] = [
    await freePort(),
    await freePort(),
    await freePort(),
    await freePort(),
  ];
  startEtcd(programs.etcd, folder, etcdPort, peerPort);
  const password = 'sandbox';
  const place: MemberPlace = {
    folder,
    programs,
    etcdPort,
    port,
    apiPort,
    database: 'app',
    password,
    loopWait,
  };
  const cluster: PatroniCluster = {
    folder,
    database: place.database,
    user: 'postgres',
    password,
    members: [],
    port,
    apiPort,
    group: (group) => cluster.members.filter((each) => each.group === group),
    leader: (group) =>
      until(`a leader of group ${group}`, async () => {
        for (const member of cluster.group(group)) if ((await ask(member, 'primary')) === 200) return member;
        return undefined;
      }),
    addGroup: async (group, count) => {
      const [first, ...others] = Array.from({ length: count }, (_, index) =>
        patroniMember(place, group, index + 1),
      );
      if (!first) return;
      cluster.members.push(first, ...others);
      first.start();
      await until(`${first.name} to lead`, async () =>
        (await ask(first, 'primary')) === 200 ? true : undefined,
      );
      for (const other of others) other.start();
    },
    switchover: async (group) => {
      const leader = await cluster.leader(group);
      const candidate = cluster.group(group).find((each) => each !== leader);
      await until(`a switchover of group ${group}`, async () => {
        const body = JSON.stringify({ leader: leader.name, candidate: candidate?.name });
        const response = await fetch(`${leader.api}/switchover`, { method: 'POST', body }).catch(
          () => undefined,
        );
        return response?.ok === true || (await cluster.leader(group)) !== leader ? true : undefined;
      });
    },
    untilRegistered: async (rows) => {
      await until(`${rows} registered nodes`, async () => {
        const found = await cluster.query('SELECT FROM pg_dist_node WHERE isactive').catch(() => []);
        return found.length === rows ? true : undefined;
      });
    },
    query: async (text, values) => (await cluster.leader(0)).query(text, values),
    stop: async () => {
      await Promise.all(cluster.members.map((each) => each.kill()));
      endAndRemove(folder);
      forget();
    },
  };
  try {
    await Promise.all(groups.map((members, group) => cluster.addGroup(group, members)));
    await cluster.untilRegistered(groups.reduce((sum, each) => sum + each, 0));
    return cluster;
  } catch (error) {
    await cluster.stop();
    throw error;
  }
}

function startEtcd(program: string, folder: string, port: number, peerPort: number): void {
  const log = openSync(join(folder, 'etcd.log'), 'a');
  const client = `http://127.0.0.1:${port}`;
  const peer = `http://127.0.0.1:${peerPort}`;
  const options = {
    'data-dir': join(folder, 'etcd'),
    'listen-client-urls': client,
    'advertise-client-urls': client,
    'listen-peer-urls': peer,
    'initial-advertise-peer-urls': peer,
    'initial-cluster': `default=${peer}`,
  };
  const child = spawn(
    program,
    Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]),
    { detached: true, stdio: ['ignore', log, log] },
  );
  child.on('error', () => undefined);
  child.unref();
  closeSync(log);
  const identity = identityOf(child.pid ?? 0);
  if (identity) recordProcess(folder, 'etcd', identity);
}

async function ask(member: PatroniMember, what: string): Promise<number | undefined> {
  const answer = await fetch(`${member.api}/${what}`, { signal: AbortSignal.timeout(3_000) }).catch(
    () => undefined,
  );
  return answer?.status;
}

/** Asks again and again, for two minutes. */
async function until<T>(what: string, look: () => Promise<T | undefined>): Promise<T> {
  for (const end = Date.now() + 120_000; Date.now() < end;) {
    const found = await look();
    if (found !== undefined) return found;
    await sleep(100);
  }
  throw new Error(`waited in vain for ${what}`);
}
