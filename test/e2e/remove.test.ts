import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openCluster } from '../../sandbox/cluster/cluster.js';
import { withClient } from '../../sandbox/index.js';
import type { OperationStatus } from '../../src/contract/index.js';
import { midMoveOf } from '../support/slow-moves.js';
import { fingerprint, setStage, workersOf, type Stage } from '../support/stage.js';

let stage: Stage;
let before: Record<string, string>;
beforeAll(async () => {
  stage = await setStage();
  before = await fingerprint(stage.cluster);
});
afterAll(() => stage.end());

const log = (): string => {
  const file = join(stage.folder, 'provisioner.log');
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
};

async function registered(): Promise<string[]> {
  const rows = await stage.cluster.query<{ node: string }>(
    `select nodename || ':' || nodeport as node from pg_dist_node where groupid > 0 order by 1`,
  );
  return rows.map(({ node }) => node);
}

async function provisioned(id: string, add = 1): Promise<string[]> {
  const report = await (await stage.scaleOut(id, { add })).result();
  return report.plan?.newWorkers ?? [];
}

/** The provisioner makes servers in a process of its own. */
const serverOf = (node: string) => openCluster(stage.folder).workers.find(({ address }) => address === node);

test('takes a worker out: emptied, deregistered, its machine stopped, nothing of it left', async () => {
  const [node = ''] = await provisioned('bring');
  const report = await (await stage.start('removeWorker', 'remove', { nodes: [node] })).result();
  expect(report.state).toBe('done');
  expect(report.plan?.removedWorkers).toEqual([node]);
  expect(report.checks.find(({ id }) => id === 'machine')?.evidence).toMatch(/is stopped by/);
  expect(await registered()).not.toContain(node);
  expect(log()).toContain(`stop bring/1 ${node}`);
  expect(report.notes.join()).toContain('its machine was stopped');
  expect(await fingerprint(stage.cluster)).toEqual(before);
  const [left] = await stage.cluster.query<{ n: number }>(
    'select count(*)::int as n from pg_dist_cleanup where node_group_id not in (select groupid from pg_dist_node)',
  );
  expect(left?.n).toBe(0);
});

test('a removed server that goes on running can’t write into the cluster any more', async () => {
  const [node = ''] = await provisioned('bring-2');
  const report = await (
    await stage.start('removeWorker', 'kept', { nodes: [node], keepMachine: true })
  ).result();
  expect(report.state).toBe('done');
  expect(report.notes.join()).toContain('goes on running, as asked');
  const server = serverOf(node);
  expect(server?.isRunning()).toBe(true);
  await expect(
    server?.query(`insert into tenants values (999999, 'written through a removed worker')`),
  ).rejects.toThrow();
  expect(await fingerprint(stage.cluster)).toEqual(before);

  // Nothing of its earlier time hinders it when it comes back.
  const back = await (await stage.scaleOut('back', { nodes: [node] })).result();
  expect(back.after?.workers.find((worker) => worker.node === node)?.shards).toBeGreaterThan(0);
  // Its copies of reference tables are still there, and are made anew.
  expect(back.checks.filter(({ ok }) => !ok).map(({ id }) => id)).toEqual(['new-node-clean']);
  const again = await (await stage.start('removeWorker', 'removed again', { nodes: [node] })).result();
  expect(again.state).toBe('done');
  expect(await fingerprint(stage.cluster)).toEqual(before);
});

test('a cancel before the deregistration leaves it in service', async () => {
  const [node = ''] = await provisioned('bring-3');
  const { op, release } = await midMoveOf(stage, () =>
    stage.start('removeWorker', 'cancelled', { nodes: [node], approval: 'required', parallelMoves: 1 }),
  );
  await op.cancel();
  await expect(op.result()).rejects.toThrow();
  await release();
  expect((await op.status()).state).toBe('cancelled');
  const [row] = await stage.cluster.query<{ should: boolean }>(
    'select shouldhaveshards as should from pg_dist_node where nodeport = $1',
    [Number(node.split(':')[1])],
  );
  expect(row?.should).toBe(true);
  expect(log()).not.toContain(`stop bring-3/1`);
  await (await stage.start('removeWorker', 'after all', { nodes: [node] })).result();
  expect(await registered()).not.toContain(node);
});

test('several are emptied as one plan and removed one by one', async () => {
  const nodes = await provisioned('bring-several', 2);
  const report = await (await stage.start('removeWorker', 'several', { nodes })).result();
  expect(report.state).toBe('done');
  expect(report.plan?.moves.some(({ to }) => nodes.includes(to))).toBe(false);
  for (const node of nodes) {
    expect(await registered()).not.toContain(node);
    expect(report.steps.find(({ name }) => name === `Remove ${node}`)?.state).toBe('done');
  }
  expect(await workersOf(stage.cluster)).toHaveLength(2);
  expect(await fingerprint(stage.cluster)).toEqual(before);
});

/** Holds what every removal has to look at, so that it stops in the middle, until released. */
async function heldRemoval(): Promise<() => Promise<void>> {
  const client = new pg.Client(stage.cluster.coordinator.login);
  await client.connect();
  await client.query('begin');
  await client.query('lock table pg_dist_cleanup in access exclusive mode');
  return () => client.end();
}

const isRemoving = (node: string) => (status: OperationStatus) =>
  status.steps.some(({ name, state }) => name === `Remove ${node}` && state === 'running');

test('cancelled while the first of two is removed, it stops before the second, which is in service again', async () => {
  const nodes = await provisioned('bring-two', 2);
  const [first = '', second = ''] = nodes;
  // Drained by hand before, so that nothing is dropped late while the table is locked.
  await (await stage.start('drainWorker', 'drained-first', { nodes })).result();
  await (await stage.start('drainWorker', 'undone', { nodes: [second], undo: true })).result();
  const op = await stage.start('removeWorker', 'stops-between', { nodes, approval: 'required' });
  await op.until('awaiting approval', ({ state }) => state === 'awaiting-approval');
  const release = await heldRemoval();
  await op.update('approve', { by: 'test' });
  await op.until('removing the first', isRemoving(first));
  await op.cancel();
  const asked = await op.until('asked to cancel', ({ cancel }) => cancel !== undefined);
  expect(asked.cancel?.refused).toBeUndefined();
  await release();
  await expect(op.result()).rejects.toThrow();
  const status = await op.status();
  expect(status.state).toBe('cancelled');
  expect(await registered()).not.toContain(first);
  expect(await registered()).toContain(second);
  expect(status.after?.workers.find(({ node }) => node === second)).toBeDefined();
  const [row] = await stage.cluster.query<{ should: boolean }>(
    'select shouldhaveshards as should from pg_dist_node where nodeport = $1',
    [Number(second.split(':')[1])],
  );
  expect(row?.should).toBe(true);

  const last = await stage.start('removeWorker', 'too-late', { nodes: [second], approval: 'required' });
  await last.until('awaiting approval', ({ state }) => state === 'awaiting-approval');
  const releaseLast = await heldRemoval();
  await last.update('approve', { by: 'test' });
  await last.until('removing the last', isRemoving(second));
  await last.cancel();
  const refused = await last.until('asked to cancel', ({ cancel }) => cancel !== undefined);
  expect(refused.cancel?.refused).toMatch(/is being removed, which can't be undone/);
  expect(refused.state).toBe('running');
  await releaseLast();
  const report = await last.result();
  expect(report.state).toBe('done');
  expect(await registered()).not.toContain(second);
});

test('refuses the last workers that may hold shards, the coordinator and an unknown node', async () => {
  const all = await registered();
  for (const [id, nodes] of [
    ['last', all],
    ['coordinator', [stage.cluster.coordinator.address]],
    ['unknown', ['db99:5432']],
  ] as const) {
    const op = await stage.start('removeWorker', id, { nodes: [...nodes] });
    await expect(op.result()).rejects.toMatchObject({ cause: { type: 'PreflightRefused' } });
  }
  expect(await registered()).toEqual(all);
});

test('a machine that another database uses is deregistered and goes on running', async () => {
  const [node = ''] = await provisioned('shared');
  const server = serverOf(node);
  await server?.query('create database other');
  if (server)
    await withClient({ ...server.login, database: 'other' }, (db) => db.query('create table in_use (i int)'));
  const report = await (await stage.start('removeWorker', 'shared-machine', { nodes: [node] })).result();
  expect(report.state).toBe('done');
  expect(report.notes.join()).toContain('its database other is in use');
  expect(await registered()).not.toContain(node);
  expect(server?.isRunning()).toBe(true);
  await server?.stop();
});
