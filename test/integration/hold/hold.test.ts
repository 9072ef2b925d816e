import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { loadData } from '../../../sandbox/data.js';
import { startLoad } from '../../../sandbox/load.js';
import { startCluster, type SandboxCluster, type SandboxNode } from '../../../sandbox/index.js';
import { holdTraffic, usualTimes, type HoldResult } from '../../../src/activities/hold/hold-traffic.js';
import { tryHold } from '../../../src/activities/hold/try-hold.js';
import type { UndoResult } from '../../../src/activities/undo/undo-entry.js';
import { awaitAddress, updateNode } from '../../../src/citus/hold/switch.js';
import { prepareHold, takeHold } from '../../../src/citus/hold/take.js';
import { type Db } from '../../../src/citus/session/db.js';
import type { HoldEntry } from '../../../src/contract/internal/undo.js';
import { flavour } from '../../support/stage.js';
import { configOf } from '../connect/support.js';
import { OpenSessions, session, undoHold } from './support.js';

let cluster: SandboxCluster;
let other: SandboxNode;
/** The server that the group lives at now. */
let worker: SandboxNode;
let nodeId: number;
const sessions = new OpenSessions();
beforeAll(async () => {
  cluster = await startCluster({ workers: 2, flavour });
  await loadData(cluster, { shards: 4, tenants: 20, events: 40 });
  const [first, second] = cluster.workers;
  if (!first || !second) throw new Error('no workers');
  [worker, other] = [first, second];
  const [row] = await cluster.query<{ id: number }>(
    'select nodeid as id from pg_dist_node where nodeport = $1',
    [worker.port],
  );
  nodeId = row?.id ?? 0;
});
afterAll(async () => {
  await sessions.end();
  await cluster.stop();
});

function entryFor(clone: SandboxNode): HoldEntry {
  return {
    id: 'hold',
    kind: 'hold',
    node: worker.address,
    nodeId,
    clone: clone.address,
    before: { recovery: null, syncRetry: null },
    session,
    servers: [other.address, worker.address, clone.address],
  };
}

const hold = (clone: SandboxNode, more: Partial<HoldEntry> = {}): Promise<HoldResult> =>
  holdTraffic(
    configOf(cluster),
    { entry: { ...entryFor(clone), ...more } },
    {
      mayAct: () => Promise.resolve(),
      stop: new AbortController().signal,
      look: { applicationName: 'citus-scaler:look:000000000000:hold' },
    },
  );

const undone = (clone: SandboxNode): Promise<UndoResult | undefined> => undoHold(cluster, entryFor(clone));

const left = (node: SandboxNode) => sessions.left(node);

async function holdEverywhere(): Promise<Db> {
  const coordinator = await left(cluster.coordinator);
  for (const db of [coordinator, await left(other), await left(worker)]) {
    await prepareHold(db, usualTimes);
    await takeHold(db, usualTimes, db === coordinator);
  }
  return coordinator;
}

const livesAt = async (): Promise<number | undefined> =>
  (
    await cluster.query<{ port: number }>('select nodeport as port from pg_dist_node where nodeid = $1', [
      nodeId,
    ])
  )[0]?.port;
let next = 1;
const write = (): Promise<unknown> =>
  cluster.query(`insert into events select 'd' || i, $1::int * 1000 + i, 'w' from generate_series(1, 40) i`, [
    next++,
  ]);
const counted = async (): Promise<number> =>
  (await cluster.query<{ n: number }>(`select count(*)::int as n from events where payload = 'w'`))[0]?.n ??
  0;
/** What keeps a promoted standby from deciding on the worker's transactions. */
const recoveryOf = (server: SandboxNode): Promise<unknown[]> =>
  server.query(
    `select setting from pg_file_settings where name = 'citus.recover_2pc_interval' and sourcefile like '%postgresql.auto.conf'`,
  );
const fenced = /is not currently accepting connections/;

async function inService(server: SandboxNode): Promise<void> {
  const before = await counted();
  await write();
  expect(await counted()).toBe(before + 40);
  expect(await livesAt()).toBe(server.port);
}

test('a hold that was interrupted before the promotion ends, and its clone goes on following', async () => {
  const clone = await cluster.standbyOf(worker);
  await holdEverywhere();
  expect(await undone(clone)).toEqual({ notes: [] });
  await inService(worker);
  expect(await clone.query('select pg_is_in_recovery() as follows')).toEqual([{ follows: true }]);
  await clone.stop();
});

test.each(['promoted only', 'switched and not committed'])(
  'a clone that was %s is thrown away, and the old server stays in service',
  async (point) => {
    const clone = await cluster.standbyOf(worker);
    const coordinator = await holdEverywhere();
    if (point !== 'promoted only') await updateNode(coordinator, nodeId, clone.address);
    await clone.query('select pg_promote(true, 20)');
    const result = await undone(clone);
    expect(result?.notes).toEqual([expect.stringContaining('was promoted in vain and is fenced') as string]);
    await expect(clone.query('select 1')).rejects.toThrow(fenced);
    await inService(worker);
    await expect(hold(clone)).rejects.toMatchObject({ type: 'PlanChanged' });
    await inService(worker);
    await clone.stop();
  },
);

test('a hold in the way of others lets go in time, and is tried again when they are done', async () => {
  const clone = await cluster.standbyOf(worker);
  const blocker = await sessions.connect(cluster.coordinator);
  await blocker.query(`begin; update plans set name = 'slow' where plan_id = 1`);
  const load = startLoad(cluster.coordinator, { clients: 2, transactionsPerSecond: 20, tenants: 20 });
  const held = hold(clone);
  const waiting = (): Promise<unknown[]> =>
    cluster.query(
      `select from pg_locks join pg_stat_activity using (pid) where not granted and application_name = $1`,
      [session],
    );
  await vi.waitUntil(async () => (await waiting()).length > 0, 30_000);
  await vi.waitUntil(async () => (await waiting()).length === 0, 30_000);
  await blocker.query('commit');
  const { heldMs, tries } = await held;
  const { failed, messages, slowest, inserted } = await load.stop();
  expect({ failed, messages }).toEqual({ failed: 0, messages: {} });
  expect(slowest).toBeLessThan(2_500);
  expect(tries).toBeGreaterThan(1);
  expect(heldMs).toBeLessThan(2_000);
  const [row] = await cluster.query<{ n: number }>(
    `select count(*)::int as n from orders where note = 'load'`,
  );
  expect(row?.n).toBe(inserted);
  await inService(clone);
  expect(await recoveryOf(clone)).toEqual([]);
  await expect(worker.query('select 1')).rejects.toThrow(fenced);
  const told = await other.query('select nodeport as port from pg_dist_node where nodeid = $1', [nodeId]);
  expect(told).toEqual([{ port: clone.port }]);
  await worker.stop();
  worker = clone;
});

test('a clone that has not replayed all by the deadline is left alone', async () => {
  const clone = await cluster.standbyOf(worker);
  await clone.query('select pg_wal_replay_pause()');
  await write();
  const outcome = await tryHold(
    configOf(cluster),
    entryFor(clone),
    { ...usualTimes, deadlineMs: 300 },
    { mayAct: () => Promise.resolve(), stop: new AbortController().signal },
  );
  expect(outcome).toMatchObject({
    state: 'went back',
    why: expect.stringContaining('had not replayed') as string,
  });
  await inService(worker);
  expect(await recoveryOf(clone)).toEqual([{ setting: '-1' }]);
  expect(await undone(clone)).toEqual({ notes: [] });
  expect(await recoveryOf(clone)).toEqual([]);
  await clone.stop();
});

test('a server that has the address of the clone by now is neither promoted nor fenced', async () => {
  const identify = async (node: SandboxNode): Promise<string> =>
    (await node.query<{ id: string }>('select system_identifier::text as id from pg_control_system()'))[0]
      ?.id ?? '';
  const server = await identify(worker);
  const stranger = await cluster.standbyOf(other);
  for (const clone of [stranger, other]) {
    await expect(hold(clone, { server })).rejects.toMatchObject({
      type: 'PlanChanged',
      message: expect.stringContaining('another server has its address') as string,
    });
    expect(await undoHold(cluster, { ...entryFor(clone), server })).toEqual({ notes: [] });
  }
  expect(await stranger.query('select pg_is_in_recovery() as follows')).toEqual([{ follows: true }]);
  await inService(worker);
  await other.query('select 1');
  await stranger.stop();
});

test('a server lets go by itself of a hold of which the holder says nothing', async () => {
  const db = await left(other);
  await prepareHold(db, { ...usualTimes, deadManMs: 500 });
  await takeHold(db, usualTimes, false);
  await sleep(1_000);
  const locked = await other.query(
    `select from pg_locks where mode = 'AccessExclusiveLock' and relation is not null`,
  );
  expect(locked).toEqual([]);
});

test('when the switch is made other workers keep their hold until they know it, though nobody asks any more', async () => {
  const db = await left(other);
  await prepareHold(db, usualTimes);
  await takeHold(db, usualTimes, false);
  await db.query('set local statement_timeout = 0');
  awaitAddress(db, nodeId, '127.0.0.1:1', 1_500).catch(() => undefined);
  await sleep(200);
  db.client.connection.stream.destroy();
  await sleep(300);
  const locked = (): Promise<unknown[]> =>
    other.query(
      `select from pg_locks l join pg_stat_activity a using (pid) where application_name = $1 and l.mode = 'ShareUpdateExclusiveLock'`,
      [session],
    );
  expect(await locked()).not.toEqual([]);
  await expect.poll(locked, { timeout: 5_000 }).toEqual([]);
});

test('a switch that was made is found made, its answer lost: the old server is fenced', async () => {
  const clone = await cluster.standbyOf(worker);
  const coordinator = await holdEverywhere();
  await updateNode(coordinator, nodeId, clone.address);
  await clone.query('select pg_promote(true, 20)');
  await coordinator.query('commit');
  expect(await hold(clone)).toEqual({ tries: 0 });
  await inService(clone);
  await expect(worker.query('select 1')).rejects.toThrow(fenced);
  expect((await undone(clone))?.notes).toEqual([expect.stringContaining('has taken the place of') as string]);
  await inService(clone);
});
