import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fingerprint, marksOf, retryIntervals, setStage, workersOf, type Stage } from '../support/stage.js';
import { ruleUntil, useWindows } from '../support/windows.js';

let stage: Stage;
let before: Record<string, string>;
beforeAll(async () => {
  stage = await setStage({ wishes: { parallelMoves: 2 } });
  before = await fingerprint(stage.cluster);
});
afterAll(() => stage.end());

const events = async (id: string): Promise<number> =>
  ((await stage.client.workflow.getHandle(id).fetchHistory()).events ?? []).length;

describe('with a window that is closed', () => {
  test('a dry run says when data would begin to move', async () => {
    await useWindows(stage, { allow: [{ schedule: '0 3 1 1 *', for: '1h' }] });
    const op = await stage.scaleOut('dry', { add: 1, dryRun: true });
    const { window } = await op.result();
    expect(window?.open).toBe(false);
    expect(window?.opensAt).toMatch(/-01-01T03:00:00.000Z$/);
  });

  test('an operation waits without a further event; a cancel ends it at once', async () => {
    const op = await stage.scaleOut('waiting', { add: 1 });
    const waiting = await op.until('waiting', ({ state }) => state === 'waiting-for-window');
    expect(waiting.window).toMatchObject({ open: false });
    expect(await retryIntervals(stage.cluster)).toEqual(['5s']);
    const told = await events('waiting');
    await new Promise((resolve) => setTimeout(resolve, 5_000));
    expect(await events('waiting')).toBe(told);
    await op.cancel();
    await expect(op.result()).rejects.toThrow(/cancel/i);
    expect(await workersOf(stage.cluster)).toHaveLength(2);
  });

  test('a worker that is to be emptied stays in service until its shards may move', async () => {
    const node = stage.cluster.workers[1]?.address ?? '';
    const op = await stage.start('drainWorker', 'in-service', { nodes: [node] });
    const { steps } = await op.until('waiting', ({ state }) => state === 'waiting-for-window');
    expect(steps.find(({ name }) => name === 'Take out of service')?.state).toBe('running');
    expect((await marksOf(stage.cluster))[node]).toBe(true);
    await op.cancel();
    await expect(op.result()).rejects.toThrow(/cancel/i);
  });

  test('a dead worker that came back in time is emptied as any other: in a window', async () => {
    const worker = stage.cluster.workers[1];
    if (!worker) throw new Error('no worker');
    await worker.kill();
    const op = await stage.start('emergencyRemoveWorker', 'returned', {
      node: worker.address,
      waitForReturn: '10m',
    });
    await op.until('waiting for it', ({ steps }) =>
      steps.some(({ state, detail }) => state === 'running' && detail?.startsWith('until ') === true),
    );
    await worker.start();
    const { steps } = await op.until('waiting', ({ state }) => state === 'waiting-for-window');
    expect(steps.find(({ name }) => name === 'Take out of service')?.state).toBe('running');
    await op.cancel();
    await expect(op.result()).rejects.toThrow(/cancel/i);
    expect(await fingerprint(stage.cluster)).toEqual(before);
  });

  test('a pause and a resume while it waits leave it waiting; whoever ignores the window says why', async () => {
    const op = await stage.scaleOut('ignored', { add: 1 });
    await op.until('waiting', ({ state }) => state === 'waiting-for-window');
    await op.update('pause', { by: 'test' });
    expect((await op.status()).state).toBe('paused');
    await op.update('resume', { by: 'test' });
    expect((await op.status()).state).toBe('waiting-for-window');
    await expect(op.update('ignoreWindow', { by: 'test' })).rejects.toThrow();
    await op.update('ignoreWindow', { by: 'test', reason: 'the disk is full' });
    const report = await op.result();
    expect(report.state).toBe('done');
    expect(report.window?.ignored).toEqual({ by: 'test', reason: 'the disk is full' });
    expect(report.notes).toContain('the maintenance windows are ignored, by test: the disk is full');
    expect(await workersOf(stage.cluster)).toHaveLength(3);
    expect(await fingerprint(stage.cluster)).toEqual(before);
  });

  test('a request that ignores it moves at once', async () => {
    const op = await stage.scaleOut('unheeding', { add: 1, window: 'ignore', reason: 'the sale' });
    const report = await op.result();
    expect(report.notes).toContain('the maintenance windows are ignored, by the request: the sale');
    expect(await workersOf(stage.cluster)).toHaveLength(4);
  });
});

test('data moves when the window opens, and not before', async () => {
  const { rule, end } = ruleUntil(50);
  await useWindows(stage, { deny: [rule] });
  const op = await stage.scaleOut('opening', { add: 1 });
  const waiting = await op.until('waiting', ({ state }) => state === 'waiting-for-window');
  expect(Date.parse(waiting.window?.opensAt ?? '')).toBe(end);
  const report = await op.result();
  expect(report.movedShardGroups).toBeGreaterThan(0);
  const copied = report.steps.find(({ name }) => name === 'Copy reference tables');
  expect(Date.parse(copied?.endedAt ?? '')).toBeGreaterThanOrEqual(end);
  expect(await fingerprint(stage.cluster)).toEqual(before);
});
