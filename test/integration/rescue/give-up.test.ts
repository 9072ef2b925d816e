import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findFlavour } from '../../../sandbox/flavour.js';
import { startCluster, type SandboxCluster } from '../../../sandbox/index.js';
import { forgetNodes, LossChangedError, type DeadNode } from '../../../src/citus/lost/give-up.js';
import { readStandIns } from '../../../src/citus/lost/stand-ins.js';
import { sessionOver, type Db } from '../../../src/citus/session/db.js';
import { deathOf, returnOf } from '../../../src/activities/rescue/death.js';
import { forgetDead } from '../../../src/activities/rescue/forget.js';
import { configOf } from '../connect/support.js';
import { asActivity } from '../preflight/support.js';
import { flavour, smallData } from '../../support/stage.js';

let cluster: SandboxCluster;
let dead: DeadNode;
const clients: pg.Client[] = [];
beforeAll(async () => {
  cluster = await startCluster({ workers: 3, flavour });
  await smallData(cluster);
  const [first] = cluster.workers;
  if (!first) throw new Error('no worker');
  const [row] = await cluster.query<Omit<DeadNode, 'node'>>(
    `select nodeid as "nodeId", groupid as "groupId" from pg_dist_node where nodeport = $1`,
    [first.port],
  );
  if (!row) throw new Error('not registered');
  dead = { node: first.address, ...row };
  await first.kill();
});
afterAll(async () => {
  await Promise.all(clients.map((client) => client.end()));
  await cluster.stop();
});

/** A session as activities have it, with the search_path that they set. */
async function session(): Promise<Db> {
  const client = new pg.Client(cluster.coordinator.login);
  await client.connect();
  clients.push(client);
  await client.query('set search_path = pg_catalog');
  return sessionOver(client, cluster.coordinator.address, 0);
}

const registered = (): Promise<unknown[]> =>
  cluster.query('select from pg_dist_node where nodeid = $1', [dead.nodeId]);

// The stand-in's sessions with other nodes know no time-out.
const isReal = findFlavour(flavour).flavour === 'citus';

test.runIf(isReal)('a frozen worker is looked at from all sides, with a dead worker beside it', async () => {
  const config = configOf(cluster, { allowedNodes: ['127.0.0.1:*'] });
  const [, frozen] = cluster.workers;
  frozen?.freeze();
  try {
    const [check] = await asActivity(() => deathOf(config, [frozen?.address ?? ''], 0));
    expect(check).toMatchObject({ id: 'dead-worker-away', ok: true });
    expect(check?.evidence).toMatch(/citus-scaler: no answer.*the coordinator: .*127\.0\.0\.1:\d+: /);
  } finally {
    frozen?.thaw();
  }
});

test('a dead worker of which somebody points the node at another server is waited for no longer', async () => {
  const config = configOf(cluster, { allowedNodes: ['127.0.0.1:*'] });
  const point = (port: number): Promise<unknown> =>
    cluster.query('update pg_dist_node set nodeport = $1 where nodeid = $2', [port, dead.nodeId]);
  const port = Number(dead.node.split(':')[1]);
  const waiting = asActivity(() => returnOf(config, [dead.node], Date.now() + 60_000));
  await sleep(4_000);
  try {
    // As Patroni does it.
    await point(1);
    expect(await waiting).toEqual({ is: 'replaced', node: dead.node, by: '127.0.0.1:1' });
  } finally {
    await point(port);
  }
});

test('of one that answers again it is told whether Patroni runs it', async () => {
  const config = configOf(cluster, { allowedNodes: ['127.0.0.1:*'] });
  const [, other] = cluster.workers;
  if (!other) throw new Error('no worker');
  const became = (): Promise<unknown> =>
    asActivity(() => returnOf(config, [other.address], Date.now() + 60_000));
  expect(await became()).toEqual({ is: 'back' });
  const patroni = new pg.Client({ ...other.login, application_name: 'Patroni heartbeat' });
  await patroni.connect();
  try {
    expect(await became()).toEqual({ is: 'back', patroni: 'a session of Patroni heartbeat' });
  } finally {
    await patroni.end();
  }
});

test('a loss that nobody has approved changes nothing', async () => {
  const refused = forgetNodes(await session(), [dead], () => false, 'a test');
  await expect(refused).rejects.toBeInstanceOf(LossChangedError);
  const forget = async (approved: { lossHash?: string }): Promise<void> =>
    forgetDead(
      await session(),
      { cluster: 'demo', lockId: 'lock', dead: [dead], ...approved },
      () => Promise.resolve(),
      'a test',
    );
  await expect(forget({})).rejects.toThrow(/nothing was taken out/);
  await expect(forget({ lossHash: 'of another loss' })).rejects.toThrow(/nothing was taken out/);
  expect(await registered()).toHaveLength(1);
  expect(await readStandIns(await session())).toEqual([]);
});

test('of two attempts at once one does it, and the other finds it done', async () => {
  const isApproved = (lost: unknown[]): boolean => lost.length > 0;
  const [one, other] = [await session(), await session()];
  await Promise.all([
    forgetNodes(one, [dead], isApproved, 'a test'),
    forgetNodes(other, [dead], isApproved, 'a test'),
  ]);
  expect(await registered()).toEqual([]);
  expect(await readStandIns(one)).not.toEqual([]);
});

test('nobody waits for the return of a worker that is out', async () => {
  const config = configOf(cluster, { allowedNodes: ['127.0.0.1:*'] });
  const began = Date.now();
  expect(await asActivity(() => returnOf(config, [dead.node], began + 60_000))).toEqual({ is: 'away' });
  expect(Date.now() - began).toBeLessThan(30_000);
});
