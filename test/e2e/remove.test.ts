import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { openCluster } from '../../sandbox/cluster/cluster.js';
import { withClient } from '../../sandbox/index.js';
import type { FailureDetails } from '../../src/contract/index.js';
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
  expect(report.removed).toEqual([node]);
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
    stage.start('removeWorker', 'cancelled-early', { nodes: [node], approval: 'required', parallelMoves: 1 }),
  );
  await op.cancel();
  await expect(op.result()).rejects.toMatchObject({ cause: { name: 'CancelledFailure' } });
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

/** Holds a table of the catalog until released. */
async function holding(table: string, mode: string): Promise<() => Promise<void>> {
  const client = new pg.Client(stage.cluster.coordinator.login);
  await client.connect();
  await client.query('begin');
  await client.query(`lock table ${table} in ${mode} mode`);
  return () => client.end();
}

/** Approves a removal while what it has to wait for before it deregisters a worker is held, until released. */
async function waitingRemoval(id: string, nodes: string[]) {
  const op = await stage.start('removeWorker', id, { nodes, approval: 'required' });
  await op.until('awaiting approval', ({ state }) => state === 'awaiting-approval');
  const release = await holding('pg_dist_cleanup', 'access exclusive');
  await op.update('approve', { by: 'test' });
  const waiting = `select 1 from pg_stat_activity where application_name ~ ':await leave$' and wait_event_type = 'Lock'`;
  await expect.poll(() => stage.cluster.query(waiting), { timeout: 60_000 }).toHaveLength(1);
  return { op, release };
}

/** The same, in the middle of its first deregistration. */
async function removalPastReturn(id: string, nodes: string[]) {
  const { op, release: goOn } = await waitingRemoval(id, nodes);
  const release = await holding('pg_dist_node', 'share');
  await goOn();
  await op.until('past the point of no return', ({ pointOfNoReturn }) => pointOfNoReturn !== undefined);
  return { op, release };
}

async function inService(node: string): Promise<boolean> {
  const [row] = await stage.cluster.query<{ should: boolean }>(
    'select shouldhaveshards as should from pg_dist_node where nodeport = $1',
    [Number(node.split(':')[1])],
  );
  return row?.should ?? false;
}

test('cancelled while the first of two is deregistered, it stops before the second, which is in service again', async () => {
  const nodes = await provisioned('bring-two', 2);
  const [first = '', second = ''] = nodes;
  // Drained by hand before, so that nothing is dropped late while the table is locked.
  await (await stage.start('drainWorker', 'drained-first', { nodes })).result();
  await (await stage.start('drainWorker', 'undone', { nodes: [second], undo: true })).result();
  const { op, release } = await removalPastReturn('stops-between', nodes);
  await op.cancel();
  const asked = await op.until('asked to cancel', ({ cancel }) => cancel !== undefined);
  expect(asked.cancel?.refused).toBeUndefined();
  expect(asked.pointOfNoReturn).toEqual({
    why: `${first} is being removed, which can't be undone`,
    last: false,
  });
  await release();
  await expect(op.result()).rejects.toThrow();
  const status = await op.status();
  expect(status.state).toBe('cancelled');
  expect(await registered()).not.toContain(first);
  expect(await registered()).toContain(second);
  expect(status.after?.workers.find(({ node }) => node === second)).toBeDefined();
  expect(await inService(second)).toBe(true);

  // As long as it waits to deregister, nothing is done that can't be undone, and its waiting ends at once.
  const early = await waitingRemoval('still-waiting', [second]);
  await early.op.cancel();
  await expect(early.op.result()).rejects.toThrow();
  await early.release();
  expect((await early.op.status()).state).toBe('cancelled');
  expect(await registered()).toContain(second);
  expect(await inService(second)).toBe(true);

  const late = await removalPastReturn('too-late', [second]);
  await late.op.cancel();
  const refused = await late.op.until('asked to cancel', ({ cancel }) => cancel !== undefined);
  expect(refused.cancel?.refused).toMatch(/is being removed, which can't be undone/);
  expect(refused.state).toBe('running');
  await late.release();
  const report = await late.op.result();
  expect(report.state).toBe('done');
  expect(report.pointOfNoReturn).toBeUndefined();
  expect(await registered()).not.toContain(second);
});

/** The worker goes on running, and takes it up. */
async function changeConfig(text: string): Promise<void> {
  const taken = (): number => stage.worker.log().split('config taken up anew').length;
  const before = taken();
  writeFileSync(stage.configFile, text);
  await expect.poll(taken, { timeout: 30_000 }).toBe(before + 1);
}

test('who gives up on a machine that won’t stop is told how the cluster is left and what to do', async () => {
  const [node = ''] = await provisioned('bring-stubborn');
  const config = readFileSync(stage.configFile, 'utf8');
  const broken = parse(config) as {
    clusters: { demo: { workersFrom: { command: { stop: string[] } } } };
  };
  broken.clusters.demo.workersFrom.command.stop = [
    process.execPath,
    '-e',
    `console.error('no such machine'); process.exit(3)`,
  ];
  await changeConfig(stringify(broken));
  const op = await stage.start('removeWorker', 'stubborn', { nodes: [node] });
  const { attention, pointOfNoReturn } = await op.until('parked', ({ state }) => state === 'needs-attention');
  expect(attention?.evidence).toContain('no such machine');
  expect(attention?.remedies).toContainEqual({
    action: 'giveUp',
    text: 'or give up: it goes on running, stop it yourself',
  });
  expect(pointOfNoReturn?.last).toBe(true);
  await op.update('giveUp', { by: 'test', reason: 'stopped by hand' });
  const failure = await op.result().catch((error: unknown) => (error as { cause?: unknown }).cause);
  expect(failure).toMatchObject({ type: 'RecoveryRequired', message: 'test gave up: stopped by hand' });
  const [{ evidence, remedies }] = (failure as { details: [FailureDetails] }).details;
  expect(evidence.join('\n')).toMatch(/no such machine[^]*was taken out of the cluster/);
  expect(JSON.stringify(remedies)).toContain(`stop the machine of ${node} by hand`);
  expect(await registered()).not.toContain(node);
  expect(await fingerprint(stage.cluster)).toEqual(before);
  await changeConfig(config);
  await serverOf(node)?.stop();
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
