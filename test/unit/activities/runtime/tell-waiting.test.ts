import type { Client } from '@temporalio/client';
import { MockActivityEnvironment } from '@temporalio/testing';
import { expect, test } from 'vitest';
import type { ActivityContext } from '../../../../src/activities/runtime/context.js';
import { tellWaiting } from '../../../../src/activities/runtime/tell-waiting.js';
import type { ClusterConfig } from '../../../../src/config/index.js';

/** What an attempt tells its workflow: attention, or null when it takes it back. */
async function wordsOf(attempt: number, work: () => Promise<unknown>): Promise<unknown[]> {
  const words: unknown[] = [];
  const signal = (_: string, [, attention]: [string, unknown]): Promise<void> => {
    words.push(attention);
    return Promise.resolve();
  };
  const client = {
    workflow: {
      getHandle: () => ({ signal: (name: string, ...args: [string, unknown]) => signal(name, args) }),
    },
  } as unknown as Client;
  const environment = new MockActivityEnvironment({
    attempt,
    workflowExecution: { workflowId: 'operation', runId: 'run' },
  });
  await environment
    .run(() => tellWaiting({ client } as ActivityContext, {} as ClusterConfig, [], work))
    .catch(() => undefined);
  await new Promise((resolve) => setImmediate(resolve));
  return words;
}

test('an attempt that fails leaves standing what was told of those before, one that succeeds takes it back', async () => {
  expect(await wordsOf(4, () => Promise.reject(new Error('still no node')))).toEqual([]);
  expect(await wordsOf(4, () => Promise.resolve())).toEqual([null]);
  expect(await wordsOf(1, () => Promise.resolve())).toEqual([]);
});
