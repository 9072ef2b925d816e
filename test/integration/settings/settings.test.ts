import type { Client } from '@temporalio/client';
import { MockActivityEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startCluster, type SandboxCluster } from '../../../sandbox/index.js';
import type { ActivityContext } from '../../../src/activities/runtime/context.js';
import { settingActivities } from '../../../src/activities/settings/activities.js';
import { shardMark, type BorrowedSetting } from '../../../src/contract/index.js';
import { flavour, marksOf, retryIntervals } from '../../support/stage.js';
import { loadConfig } from '../../../src/config/index.js';
import { configFileOf } from '../connect/support.js';

let cluster: SandboxCluster;
beforeAll(async () => {
  cluster = await startCluster({ workers: 2, flavour });
});
afterAll(() => cluster.stop());

const workflowExecution = { workflowId: 'operation', runId: 'run' };

/** Temporal as it is asked: the operation holds the cluster, and waits for an attempt of its activity. */
function temporal(attempt: number): Client {
  const described: Record<string, object> = {
    hold: { memo: { holder: workflowExecution }, raw: {} },
    operation: { raw: { pendingActivities: [{ activityId: '7', attempt }] } },
  };
  const getHandle = (workflowId: string) => ({
    describe: () => Promise.resolve({ status: { name: 'RUNNING' }, ...described[workflowId] }),
  });
  return { workflow: { getHandle } } as unknown as Client;
}

/** The activities as an attempt of a worker runs them, while Temporal waits for another, or for it. */
async function run<T>(
  awaited: number,
  work: (activities: ReturnType<typeof settingActivities>) => Promise<T>,
  attempt = 1,
): Promise<T> {
  const context = {
    config: loadConfig(configFileOf(cluster)),
    client: temporal(awaited),
  } as unknown as ActivityContext;
  const info = { attempt, activityId: '7', workflowExecution };
  const activities = settingActivities(context);
  return await new MockActivityEnvironment(info).run(() => work(activities));
}

const raised = (node: string): BorrowedSetting => ({
  node,
  name: 'wal_retrieve_retry_interval',
  before: null,
  raised: '100ms',
});
const all = (): BorrowedSetting[] => cluster.workers.map(({ address }) => raised(address));

test('what is raised stays so while Temporal waits for it, and comes back', async () => {
  const order = { cluster: 'demo', holdId: 'hold', settings: all() };
  await run(1, ({ raiseSettings }) => raiseSettings(order));
  expect(await retryIntervals(cluster)).toEqual(['100ms']);
  await run(1, ({ giveBackSettings }) => giveBackSettings(order));
  expect(await retryIntervals(cluster)).toEqual(['5s']);
});

test('an attempt that wakes up after it was replaced leaves nothing raised', async () => {
  const order = { cluster: 'demo', holdId: 'hold', settings: all() };
  await run(2, ({ raiseSettings }) => raiseSettings(order));
  expect(await retryIntervals(cluster)).toEqual(['5s']);
});

test('a node that left the cluster and is silent is told, and keeps nothing from being given back', async () => {
  const [first] = cluster.workers;
  if (!first) throw new Error('a worker was wanted');
  const mark = { node: first.address, name: shardMark, before: 'false', raised: 'true' };
  const settings = [raised('127.0.0.1:1'), ...all(), mark];
  await run(1, ({ raiseSettings }) => raiseSettings({ cluster: 'demo', holdId: 'hold', settings: all() }));
  const { left } = await run(1, ({ giveBackSettings }) => giveBackSettings({ cluster: 'demo', settings }));
  expect(left).toHaveLength(1);
  expect(left[0]).toContain('127.0.0.1:1, which is no node of the cluster any more');
  expect(await retryIntervals(cluster)).toEqual(['5s']);
  expect((await marksOf(cluster))[first.address]).toBe(false);
});

test('a node that is away is tried again; the others have got back what was theirs', async () => {
  const [first, second] = cluster.workers;
  if (!first || !second) throw new Error('two workers were wanted');
  const order = { cluster: 'demo', holdId: 'hold', settings: all() };
  await run(1, ({ raiseSettings }) => raiseSettings(order));
  await first.kill();
  await expect(run(1, ({ giveBackSettings }) => giveBackSettings(order))).rejects.toMatchObject({
    type: 'Passing',
    message: expect.stringContaining(first.address) as string,
  });
  expect(await retryIntervals(cluster)).toEqual(['5s']);
  await first.start();
  expect(await retryIntervals(cluster)).toContain('100ms');
  await run(1, ({ giveBackSettings }) => giveBackSettings(order));
  expect(await retryIntervals(cluster)).toEqual(['5s']);
});

test('raising waits for a node that is away for a moment, and for one that stays away it is a note', async () => {
  const [first] = cluster.workers;
  if (!first) throw new Error('a worker was wanted');
  const order = { cluster: 'demo', holdId: 'hold', settings: all() };
  await first.kill();
  await expect(run(1, ({ raiseSettings }) => raiseSettings(order))).rejects.toMatchObject({
    type: 'Passing',
    message: expect.stringContaining(`could not be lowered yet on ${first.address}`) as string,
  });
  const { notes } = await run(5, ({ raiseSettings }) => raiseSettings(order), 5);
  expect(notes).toEqual([
    expect.stringContaining(`could not be lowered on ${first.address}, moves take longer`),
  ]);
  await first.start();
  expect(new Set(await retryIntervals(cluster))).toEqual(new Set(['100ms', '5s']));
  await run(1, ({ giveBackSettings }) => giveBackSettings(order));
});
