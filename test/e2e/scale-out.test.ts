import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findTemporal } from '../../sandbox/index.js';
import { fingerprint, operation, retryIntervals, setStage, workersOf, type Stage } from '../support/stage.js';

let stage: Stage;
beforeAll(async () => {
  stage = await setStage();
});
afterAll(() => stage.end());

test('starts with nothing but the temporal CLI, brings up a machine and moves its share to it', async () => {
  const before = await fingerprint(stage.cluster);
  const temporal = await findTemporal();
  await execa(temporal, [
    'workflow',
    'start',
    '--address',
    stage.temporal.address,
    '--type',
    'scaleOut',
    '--task-queue',
    'citus-scaler',
    '--workflow-id',
    'from-cli',
    '--fail-existing',
    '--input',
    '{"cluster":"demo","add":1,"approval":"auto"}',
  ]);
  const report = await operation(stage.client, 'from-cli').result();

  expect(report.state).toBe('done');
  expect(report.steps.every(({ state }) => state === 'done' || state === 'skipped')).toBe(true);
  const workers = await workersOf(stage.cluster);
  expect(workers).toHaveLength(3);
  expect(workers.every(({ shards }) => shards > 0)).toBe(true);
  expect(await fingerprint(stage.cluster)).toEqual(before);
  expect(await retryIntervals(stage.cluster)).toEqual(['5s']);
  expect(report.undo).toBeUndefined();
});

test('shows the plan, refuses another hash and goes on with the one approved', async () => {
  const op = await stage.scaleOut('approved', { add: 1, approval: 'required' });
  const { plan } = await op.until('awaiting approval', ({ state }) => state === 'awaiting-approval');
  expect(plan?.newWorkers).toEqual(['new worker 1']);
  expect(plan?.movesTotal).toBeGreaterThan(0);
  await expect(op.update('approve', { by: 'test', planHash: 'another' })).rejects.toThrow();
  await expect(op.update('approve', {})).rejects.toThrow();
  // Misspelt, the hash would guard nothing.
  await expect(op.update('approve', { by: 'test', planhash: 'another' })).rejects.toMatchObject({
    cause: { message: 'planhash: unknown field; allowed: by, planHash, backup' },
  });
  await expect(op.update('retry', { by: 'test' })).rejects.toThrow();
  await op.update('approve', { by: 'test', planHash: plan?.hash });
  expect((await op.result()).state).toBe('done');
  expect(await workersOf(stage.cluster)).toHaveLength(4);
});

test('registers a server that runs already, and a second time finds nothing to do', async () => {
  const node = await stage.cluster.addNode();
  const first = await (await stage.scaleOut('node-1', { nodes: [node.address] })).result();
  expect(first.state).toBe('done');
  const workers = await workersOf(stage.cluster);
  for (const input of [{ nodes: [node.address] }, { to: workers.length }]) {
    const id = `again-${Object.keys(input).join()}`;
    const again = await (await stage.scaleOut(id, { ...input, approval: 'required' })).result();
    expect(again.state).toBe('done');
    expect(again.plan?.newWorkers).toEqual([]);
    expect(again.notes.join()).toContain('nothing to do: ');
  }
  expect(await workersOf(stage.cluster)).toHaveLength(5);
});

test('only registers when asked not to rebalance', async () => {
  const node = await stage.cluster.addNode();
  const report = await (
    await stage.scaleOut('no-rebalance', { nodes: [node.address], rebalance: false })
  ).result();
  expect(report.state).toBe('done');
  expect((await workersOf(stage.cluster)).find(({ port }) => port === node.port)?.shards).toBe(0);
});

test('a dry run shows checks and plan and changes nothing', async () => {
  const before = await workersOf(stage.cluster);
  const report = await (await stage.scaleOut('dry', { add: 2, dryRun: true })).result();
  expect(report.plan?.newWorkers).toHaveLength(2);
  expect(report.checks.length).toBeGreaterThan(10);
  expect(await workersOf(stage.cluster)).toEqual(before);
});

test('keeps the final reports as files', () => {
  const files = readdirSync(join(stage.folder, 'reports'));
  expect(files).toContain('approved.json');
  const report = JSON.parse(readFileSync(join(stage.folder, 'reports', 'approved.json'), 'utf8')) as {
    state: string;
  };
  expect(report.state).toBe('done');
});

test('has put no password into any history or log', async () => {
  const { password } = stage.cluster;
  for await (const { workflowId, runId } of stage.client.workflow.list()) {
    const history = await stage.client.workflow.getHandle(workflowId, runId).fetchHistory();
    expect(JSON.stringify(history)).not.toContain(password);
    expect(JSON.stringify(history)).not.toContain(
      Buffer.from(password).toString('base64').replace(/=+$/, '').slice(2, -2),
    );
  }
  expect(stage.worker.log()).not.toContain(password);
});
