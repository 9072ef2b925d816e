import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { startCluster, type SandboxCluster, type SandboxNode } from '../../../sandbox/index.js';
import { patroniActivities } from '../../../src/activities/patroni/activities.js';
import { groupOf, lookAtGroup, type PatroniGroup } from '../../../src/activities/patroni/group.js';
import { takeGroupOut } from '../../../src/activities/patroni/let-go.js';
import { readNodes } from '../../../src/citus/nodes/nodes.js';
import { withCoordinator, type Db } from '../../../src/citus/session/connect.js';
import type { ClusterConfig } from '../../../src/config/index.js';
import type { Attention } from '../../../src/contract/index.js';
import { asActivity } from '../../support/activity-stage.js';
import { flavour } from '../../support/stage.js';
import { configOf } from '../connect/support.js';

/** Patroni as citus-scaler sees it: its session on the coordinator, rows of standbys, and a REST API that answers or doesn't. */
let cluster: SandboxCluster;
let leaves: SandboxNode;
let config: ClusterConfig;
let api: Server;
let session: pg.Client;
let group: number;
beforeAll(async () => {
  cluster = await startCluster({ workers: 2, flavour });
  const [, second] = cluster.workers;
  if (!second) throw new Error('no worker');
  leaves = second;
  api = await startApi();
  config = configOf(cluster, { patroni: { port: (api.address() as AddressInfo).port } });
  session = new pg.Client({ ...cluster.coordinator.login, application_name: 'Patroni citus' });
  session.on('error', () => undefined);
  await session.connect();
});
afterAll(async () => {
  await session.end().catch(() => undefined);
  api.close();
  await cluster.stop();
});
beforeEach(async () => {
  await cluster.query('select citus_add_node($1, $2)', [leaves.host, leaves.port]);
  group = (await asScaler(readNodes)).find(({ node }) => node === leaves.address)?.groupId ?? -1;
  await cluster.query(`select citus_add_node('127.0.0.1', 1, $1, 'secondary')`, [group]);
});
afterEach(async () => {
  if (!api.listening) await listen(api, config.patroni.port);
});

const asScaler = <T>(work: (db: Db) => Promise<T>): Promise<T> =>
  withCoordinator(config, { applicationName: 'test' }, work);
const rows = async (): Promise<string[]> =>
  (await asScaler(readNodes)).filter(({ groupId }) => groupId === group).map(({ node }) => node);
const out = (members: PatroniGroup): Promise<void> =>
  asScaler((db) => takeGroupOut(db, config, members, () => Promise.resolve()));
const seenGroup = async (): Promise<PatroniGroup> => {
  const found = await asScaler((db) => groupOf(db, config, group));
  if (!found) throw new Error('not run by Patroni');
  return found;
};
const standby = '127.0.0.1:1';

test('Patroni runs a group when it runs the coordinator; its API names members that have no row', async () => {
  expect(await seenGroup()).toEqual({
    groupId: group,
    members: [
      { node: standby, seen: true },
      { node: leaves.address, seen: true },
      { node: 'elsewhere:5432', seen: false },
    ],
  });
  await session.query(`set application_name = 'somebody'`);
  try {
    expect(await asScaler((db) => groupOf(db, config, group))).toBeUndefined();
  } finally {
    await session.query(`set application_name = 'Patroni citus'`);
  }
});

test('what answers runs; what was seen and refuses has let go; of what was never seen nobody can tell', async () => {
  const { members } = await seenGroup();
  const look = (some: PatroniGroup['members']) =>
    asScaler((db) => lookAtGroup(db, config, { groupId: group, members: some }));
  expect((await look(members)).runs).toEqual([
    `${standby}: its Patroni answers`,
    `${leaves.address}: its Patroni answers`,
  ]);
  await close(api);
  expect(await look(members)).toEqual({
    runs: [],
    unseen: [`elsewhere:5432: its Patroni can't be asked (allowedNodes of the config doesn’t name it)`],
  });
  expect(await look(members.slice(0, 2))).toEqual({ runs: [], unseen: [] });
  const never = await look(members.slice(0, 2).map((each) => ({ ...each, seen: false })));
  expect(never.unseen).toHaveLength(2);
  const patroni = new pg.Client({ ...leaves.login, application_name: 'Patroni heartbeat' });
  await patroni.connect();
  try {
    expect((await look(members)).runs).toEqual([`${leaves.address}: Patroni has a session there`]);
  } finally {
    await patroni.end();
  }
});

test('while a member runs nothing is taken out; then all rows are, and one that comes back is, too', async () => {
  const seen = await seenGroup();
  const members = { ...seen, members: seen.members.slice(0, 2) };
  await expect(out(members)).rejects.toMatchObject({
    type: 'NeedsPerson',
    message: expect.stringContaining(`Patroni runs group ${group}`) as string,
  });
  expect(await rows()).toHaveLength(2);
  await close(api);
  const watched = out(members);
  watched.catch(() => undefined);
  while ((await rows()).length > 0) await sleep(50);
  // From what it had cached.
  await cluster.query('select citus_add_node($1, $2, $3)', [leaves.host, leaves.port, group]);
  await expect(watched).rejects.toMatchObject({ type: 'Passing' });
  await cluster.query(`select citus_remove_node($1, $2)`, [leaves.host, leaves.port]);
}, 60_000);

test('a transaction that Patroni left open is ended once it is older than its ttl', async () => {
  const seen = await seenGroup();
  const members = { ...seen, members: seen.members.slice(0, 2) };
  await session.query('begin');
  await session.query(`select 'citus_update_node'`);
  await sleep(1_500);
  await expect(out(members)).rejects.toMatchObject({ type: 'NeedsPerson' });
  await close(api);
  // Nobody tells its times any more: 30 s by default.
  await expect(out(members)).rejects.toMatchObject({
    type: 'Passing',
    message: expect.stringContaining('after 30 s it is ended') as string,
  });
  expect(await rows()).toHaveLength(2);
  await session.query('rollback');
});

test('while members run a person is told what to stop and where; then what nobody can tell is left to be confirmed', async () => {
  const seen = await seenGroup();
  const told: (Attention | null)[] = [];
  const waiting = asActivity({ clusters: [config], told }, (context) =>
    patroniActivities(context).awaitLetGo({ cluster: 'demo', group: seen }),
  );
  while (told.length === 0) await sleep(50);
  expect(told[0]?.problem).toContain(`Patroni runs group ${group}, and would register it again`);
  expect(told[0]?.remedies[0]?.text).toContain(`on ${standby}, ${leaves.address}, elsewhere:5432`);
  await close(api);
  expect((await waiting).unseen).toHaveLength(1);
  expect(told.at(-1)).toBeNull();
}, 60_000);

test('a server that Patroni is to register is waited for, and a person told to start it', async () => {
  const [node] = (await asScaler(readNodes)).filter((each) => each.node === leaves.address);
  await cluster.query('select citus_remove_node($1, 1)', ['127.0.0.1']);
  await cluster.query('select citus_remove_node($1, $2)', [leaves.host, leaves.port]);
  const told: (Attention | null)[] = [];
  const waiting = asActivity({ clusters: [config], told }, (context) =>
    patroniActivities(context).awaitRegistered({ cluster: 'demo', nodes: [leaves.address] }),
  );
  while (told.length === 0) await sleep(50);
  expect(told[0]?.problem).toBe(`Patroni hasn't registered ${leaves.address} yet`);
  await cluster.query('select citus_add_node($1, $2)', [leaves.host, leaves.port]);
  const [registered] = await waiting;
  expect(registered?.node).toBe(leaves.address);
  expect(registered?.nodeId).not.toBe(node?.nodeId);
  expect(told.at(-1)).toBeNull();
});

/** Answers as Patroni's REST API does. */
async function startApi(): Promise<Server> {
  const server = createServer((request, response) => {
    const members = [
      { name: 'two', host: '127.0.0.1', port: leaves.port, state: 'running' },
      { name: 'three', host: 'elsewhere', port: 5432, state: 'running' },
    ];
    const answers: Record<string, object> = {
      '/cluster': { members },
      '/config': { loop_wait: 1, ttl: 1 },
    };
    response.writeHead(200, { connection: 'close' });
    response.end(
      JSON.stringify(answers[request.url ?? ''] ?? { state: 'running', patroni: { name: 'two' } }),
    );
  });
  await listen(server, 0);
  return server;
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve) => server.listen(port, '127.0.0.1', resolve));
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
