import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { OperationHandle } from '../../../src/client/index.js';
import type { OperationStatus, ScaleOutInput } from '../../../src/contract/index.js';
import { setStubStage, type StubStage } from './stub-stage.js';

let stage: StubStage;
beforeAll(async () => {
  stage = await setStubStage();
});
afterAll(() => stage.end());

const input = (reason: string): ScaleOutInput => ({ cluster: 'shop', add: 1, reason });

describe('a start', () => {
  test('makes an id, and the result is the report', async () => {
    const handle = await stage.client.scaleOut(input('done'));
    expect(handle.id).toMatch(/^shop\/scaleOut\/\d{8}T\d{6}Z-[0-9a-f]{4}$/);
    expect(handle.started).toBe(true);
    expect(await handle.result()).toMatchObject({ operation: handle.id, state: 'done', cluster: 'shop' });
  });

  test('refuses a wrong input before anything is started', async () => {
    const id = randomUUID();
    const wrong = { cluster: 'shop', add: 1, to: 2 };
    await expect(stage.client.scaleOut(wrong, { id })).rejects.toMatchObject({ type: 'InvalidInput' });
    await expect(stage.client.operation(id).status()).rejects.toMatchObject({ type: 'UnknownOperation' });
  });

  test('with an id that is open attaches when the input is equal', async () => {
    const id = randomUUID();
    await stage.client.scaleOut({ cluster: 'shop', nodes: ['db3:5432'], reason: 'open' }, { id });
    const again = await stage.client.scaleOut(
      { reason: 'open', nodes: ['DB3:5432'], cluster: 'shop' },
      { id },
    );
    expect(again).toMatchObject({ id, started: false });
    await again.cancel();
  });

  test('with an id that is open for another input, or closed, is refused', async () => {
    const id = randomUUID();
    const handle = await stage.client.scaleOut(input('open'), { id });
    const refused = { type: 'InvalidInput', message: expect.stringContaining(id) as string };
    await expect(stage.client.scaleOut({ ...input('open'), add: 2 }, { id })).rejects.toMatchObject(refused);
    await expect(
      stage.client.scaleOut({ ...input('open'), requestedBy: 'me' }, { id }),
    ).rejects.toMatchObject(refused);
    await handle.cancel();
    await expect(handle.result()).rejects.toMatchObject({ name: 'OperationCancelledError' });
    await expect(stage.client.scaleOut(input('open'), { id })).rejects.toMatchObject(refused);
  });

  test('of twenty at once with one id starts one', async () => {
    const id = randomUUID();
    const all = await Promise.all(
      Array.from({ length: 20 }, () => stage.client.scaleOut(input('open'), { id })),
    );
    expect(all.filter(({ started }) => started)).toHaveLength(1);
    await stage.client.operation(id).cancel();
  });
});

describe('an outcome', () => {
  test('that failed is an error with type, evidence and remedies, and so is the status', async () => {
    const handle = await stage.client.scaleOut(input('fail ClusterBusy'));
    await expect(handle.result()).rejects.toMatchObject({
      name: 'OperationError',
      type: 'ClusterBusy',
      operation: handle.id,
      details: { cluster: 'shop', evidence: ['what was seen'], remedies: [{ text: 'what to do' }] },
    });
    expect(await handle.status()).toMatchObject({
      state: 'failed',
      failure: { type: 'ClusterBusy', message: 'it went wrong', evidence: ['what was seen'] },
    });
  });

  test('is told once it is known why, though the operation says before that it failed', async () => {
    const handle = await stage.client.scaleOut(input('late fail PlanRejected'));
    const seen: OperationStatus[] = [];
    for await (const status of handle.watch({ intervalMs: 100 })) seen.push(status);
    expect(seen.at(-1)).toMatchObject({ state: 'failed', failure: { type: 'PlanRejected' } });
  });

  test('can be rejected, and an update that makes no sense is refused with its sentence', async () => {
    const handle = await stage.client.scaleOut(input('approval'));
    await expect(handle.approve({ by: 'me', planHash: 'old' })).rejects.toMatchObject({
      name: 'UpdateRejectedError',
      type: 'PlanChanged',
      message: 'old is not the present plan',
    });
    await handle.reject({ by: 'me', reason: 'no' });
    await expect(handle.result()).rejects.toMatchObject({ type: 'PlanRejected' });
    await expect(handle.approve({ by: 'me' })).rejects.toMatchObject({ name: 'UpdateRejectedError' });
    await expect(handle.cancel()).rejects.toMatchObject({ name: 'UpdateRejectedError' });
  });
});

test('watching shows live progress with a rate, and ends with the operation', async () => {
  const handle = await stage.client.scaleOut(input('moving'));
  const seen: OperationStatus[] = [];
  for await (const status of handle.watch({ intervalMs: 250 })) seen.push(status);
  const done = seen.flatMap(({ progress }) => progress?.done ?? []);
  expect(done).toEqual([...done].sort((a, b) => a - b));
  expect(Math.max(...done)).toBeGreaterThan(300);
  expect(seen.some(({ progress }) => progress?.moving[0]?.phase === 'Copying Data')).toBe(true);
  expect(
    seen.some(({ progress }) => (progress?.bytesPerSecond ?? 0) > 0 && (progress?.etaSeconds ?? 0) > 0),
  ).toBe(true);
  expect(seen.at(-1)?.state).toBe('done');
});

describe('the list', () => {
  let open: OperationHandle[] = [];
  beforeAll(async () => {
    open = [
      await stage.client.scaleOut({ cluster: 'listed', add: 1, reason: 'approval' }),
      await stage.client.scaleOut({ cluster: 'listed', add: 2, reason: 'open' }, { id: 'my own id' }),
      await stage.client.scaleOut({ cluster: 'alone', add: 1, reason: 'open' }),
    ];
    await (await stage.client.scaleOut({ cluster: 'listed', add: 3, reason: 'done' })).result();
  });
  afterAll(() => Promise.all(open.map((handle) => handle.cancel())));

  test('has the open ones of a cluster, whatever their ids', async () => {
    await expect
      .poll(() => stage.client.list({ cluster: 'listed' }))
      .toMatchObject([
        {
          operation: 'my own id',
          cluster: 'listed',
          state: 'running',
          summary: 'Scale out listed by 2 workers',
        },
        { operation: open[0]?.id, state: 'awaiting-approval', attention: 'waits for approval' },
      ]);
  });

  test('has the closed ones too when asked', async () => {
    await expect
      .poll(async () => (await stage.client.list({ cluster: 'listed', all: true })).map(({ state }) => state))
      .toEqual(['done', 'running', 'awaiting-approval']);
    expect(await stage.client.list({ cluster: 'listed', all: true, limit: 1 })).toHaveLength(1);
  });

  test('lets a cluster stand for its only open operation', async () => {
    expect((await stage.client.resolve('alone')).id).toBe(open[2]?.id);
    expect((await stage.client.resolve('my own id')).id).toBe('my own id');
    await expect(stage.client.resolve('listed')).rejects.toMatchObject({
      type: 'UnknownOperation',
      candidates: ['my own id', open[0]?.id],
    });
    await expect(stage.client.resolve('nobody', { orLast: true })).rejects.toMatchObject({
      type: 'UnknownOperation',
      message: 'There is no operation nobody, and none was found on a cluster nobody.',
    });
    await expect(stage.client.resolve('nobody')).rejects.toMatchObject({
      type: 'UnknownOperation',
      candidates: [],
    });
  });
});

test('a cluster stands for its last operation too where none is open, for who asks so', async () => {
  const cluster = 'over';
  const last = await stage.client.scaleOut({ cluster, add: 2, reason: 'approval' });
  await (await stage.client.scaleOut({ cluster, add: 1, reason: 'done' })).result();
  await last.approve({ by: 'test' });
  await last.result();
  await expect(stage.client.resolve(cluster)).rejects.toMatchObject({ type: 'UnknownOperation' });
  // Not the one that was started last: the one that ended last, and it says so.
  await expect
    .poll(() => stage.client.resolve(cluster, { orLast: true }))
    .toMatchObject({ id: last.id, endedAt: expect.stringMatching(/^\d{4}-/) as string });
  const open = await stage.client.scaleOut({ cluster, add: 1, reason: 'open' });
  await expect.poll(async () => (await stage.client.resolve(cluster, { orLast: true })).id).toBe(open.id);
  await open.cancel();
});

describe('a look', () => {
  test('joins its pages', async () => {
    expect(await stage.client.inspect({ what: 'clusters' })).toMatchObject({
      clusters: [{ name: 'shop1' }, { name: 'shop2' }],
    });
    expect((await stage.client.inspect({ what: 'clusters', page: 2 })).clusters).toHaveLength(1);
  });

  test('says which cluster is away', async () => {
    await expect(stage.client.inspect({ what: 'health', cluster: 'away' })).rejects.toMatchObject({
      type: 'Unreachable',
      what: 'cluster',
      message: "away can't be looked at: connect ECONNREFUSED 10.0.0.1:5432",
    });
    await expect(stage.client.inspect({ what: 'health', cluster: 'x' })).rejects.toMatchObject({
      type: 'UnknownCluster',
    });
  });
});
