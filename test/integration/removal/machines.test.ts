import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { MockActivityEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { startCluster, withClient, type SandboxCluster, type SandboxNode } from '../../../sandbox/index.js';
import type { ActivityContext } from '../../../src/activities/runtime/context.js';
import { machineActivities } from '../../../src/activities/machines/activities.js';
import type { MachineFate } from '../../../src/activities/machines/fate.js';
import type { ClusterConfig } from '../../../src/config/index.js';
import { flavour } from '../../support/stage.js';
import { configOf } from '../connect/support.js';

let cluster: SandboxCluster;
let worker: SandboxNode;
/** Machines that the provisioner lists. */
let listed: string[];
beforeAll(async () => {
  cluster = await startCluster({ workers: 1, flavour });
  const [first] = cluster.workers;
  if (!first) throw new Error('no worker');
  worker = first;
});
afterAll(() => cluster.stop());
beforeEach(() => {
  listed = [worker.address];
});

/** A provisioner that lists what the test says, and only writes down what it is told to stop. */
function provisioner(): object {
  const machines = listed.map((node) => ({ host: node.split(':')[0], port: Number(node.split(':')[1]) }));
  const program = (script: string): string[] => [process.execPath, '-e', script];
  return {
    start: program(';'),
    stop: program(`require('node:fs').appendFileSync(${JSON.stringify(stops())}, 'stopped ')`),
    list: program(`console.log(${JSON.stringify(JSON.stringify({ machines }))})`),
  };
}

const stops = (): string => join(cluster.folder, 'stops.log');
const stopped = (): string => (existsSync(stops()) ? readFileSync(stops(), 'utf8') : '');

const own = (): ClusterConfig =>
  configOf(cluster, { workersFrom: { command: provisioner() }, allowedNodes: ['127.0.0.1:*'] });

/** The machines of one operation that holds the cluster, where the config has these clusters too. */
function machines(...others: ClusterConfig[]) {
  const lockKeeper = {
    status: { name: 'RUNNING' },
    memo: { holder: { workflowId: 'removing', runId: 'run' } },
    raw: { workflowExtendedInfo: {}, pendingActivities: [{ activityId: '7', attempt: 1 }] },
  };
  const client = { workflow: { getHandle: () => ({ describe: () => Promise.resolve(lockKeeper) }) } };
  const config = { clusters: [own(), ...others] };
  const activities = machineActivities({ config, client } as unknown as ActivityContext);
  const order = { cluster: 'demo', lockId: 'lock', node: worker.address };
  const within = <T>(work: () => Promise<T>): Promise<T> =>
    new MockActivityEnvironment({
      attempt: 1,
      activityId: '7',
      workflowExecution: { workflowId: 'removing', runId: 'run' },
    }).run(work);
  return {
    look: (): Promise<MachineFate> => within(() => activities.lookAtMachine(order)),
    stop: (): Promise<{ became: string }> => within(() => activities.stopRemoved(order)),
  };
}

/** Another cluster of the config, whose coordinator is a database on the same server. */
const second = (): ClusterConfig => ({
  ...configOf(cluster, { coordinator: { database: 'second' } }),
  name: 'second',
});

async function inSecond(...statements: string[]): Promise<void> {
  await withClient({ ...cluster.coordinator.login, database: 'second' }, async (client) => {
    for (const statement of statements) await client.query(statement);
  });
}

test('a machine that nobody else uses is stopped', async () => {
  expect(await machines().look()).toMatchObject({
    stops: true,
    why: expect.stringMatching(/^is stopped by/) as string,
  });
});

test('one that the provisioner doesn’t know goes on', async () => {
  listed = ['127.0.0.1:1'];
  expect(await machines().look()).toEqual({
    stops: false,
    why: 'goes on running: the provisioner doesn’t know it',
  });
});

test('every other database on the server counts, also postgres and one that lets nobody in', async () => {
  const inPostgres = (text: string) =>
    withClient({ ...worker.login, database: 'postgres' }, (client) => client.query(text));
  await inPostgres('create table other_cluster (i int)');
  expect((await machines().look()).why).toBe('goes on running: its database postgres is in use');
  await inPostgres('drop table other_cluster');
  await inPostgres('create database fenced allow_connections false');
  expect((await machines().look()).why).toBe('goes on running: its database fenced could not be looked into');
  await inPostgres('drop database fenced');
  expect((await machines().look()).stops).toBe(true);
});

test('one that another cluster of the config uses goes on, also when that began after the look', async () => {
  await cluster.query('create database second');
  expect((await machines(second()).look()).why).toBe(
    'goes on running: cluster second could not be asked whether it uses it too',
  );
  await inSecond('create extension citus');
  expect((await machines(second()).look()).stops).toBe(true);
  await cluster.query('create table kept_nodes as select * from pg_dist_node');
  await cluster.query('delete from pg_dist_node where groupid > 0');
  try {
    await inSecond(
      `insert into pg_dist_node (nodename, nodeport) values ('${worker.host.toUpperCase()}', ${worker.port})`,
    );
    expect(await machines(second()).stop()).toEqual({
      became: 'goes on running: cluster second uses it too',
    });
    expect(stopped()).toBe('');
    await inSecond('delete from pg_dist_node');
    expect(await machines(second()).stop()).toEqual({ became: 'was stopped' });
    expect(stopped()).toBe('stopped ');
  } finally {
    await cluster.query('insert into pg_dist_node select * from kept_nodes where groupid > 0');
  }
  const coordinates = { ...second(), hosts: [worker.host], port: worker.port };
  expect((await machines(coordinates).look()).why).toBe(
    'goes on running: it is the coordinator of cluster second',
  );
});
