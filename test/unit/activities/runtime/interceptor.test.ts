import type { Context } from '@temporalio/activity';
import type { Client } from '@temporalio/client';
import { expect, test } from 'vitest';
import { deedOf } from '../../../../src/activities/deeds.js';
import { sharedActivityBehaviour, tell } from '../../../../src/activities/runtime/interceptor.js';
import { needsPerson, passing } from '../../../../src/failures.js';

/** What the workflow of an activity is told when the activity fails so, a minute after it began. */
async function toldOf(failure: Error, activityType = 'moveShardGroups'): Promise<unknown[]> {
  const told: unknown[] = [];
  const signal = (...args: unknown[]): Promise<void> => {
    told.push(args);
    return Promise.resolve();
  };
  const client = { workflow: { getHandle: () => ({ signal }) } } as unknown as Client;
  const begun = Date.now() - 61_000;
  const info = {
    activityType,
    activityId: '7',
    attempt: 5,
    scheduledTimestampMs: begun,
    currentAttemptScheduledTimestampMs: Date.now(),
    workflowExecution: { workflowId: 'shop/1', runId: '' },
  };
  const context = {
    info,
    heartbeat: () => undefined,
    cancellationSignal: new AbortController().signal,
  } as unknown as Context;
  const { inbound } = sharedActivityBehaviour(client, { wordsFor: deedOf })(context);
  await expect(inbound.execute?.({ args: [], headers: {} }, () => Promise.reject(failure))).rejects.toBe(
    failure,
  );
  return told;
}

test('what passes and lasts is told by what is being done, with what a person may do', async () => {
  const failure = passing('db3:5432 does not answer', {
    evidence: ['ECONNREFUSED'],
    remedies: ['bring it back'],
  });
  const attention = {
    problem: 'Moving shards keeps failing: db3:5432 does not answer',
    evidence: expect.stringMatching(
      /^ECONNREFUSED\nmoveShardGroups, attempt 5, since .*; retries go on$/,
    ) as string,
    remedies: [{ text: 'nothing to do if it passes by itself' }, { text: 'bring it back' }],
  };
  expect(await toldOf(failure)).toEqual([['trouble', '7', attention]]);
  expect(await toldOf(failure, 'dance')).toMatchObject([
    ['trouble', '7', { problem: 'dance keeps failing: db3:5432 does not answer' }],
  ]);
});

test('what a person must repair parks, and is told by the workflow itself', async () => {
  expect(await toldOf(needsPerson('no disk'))).toEqual([]);
});

test('the words of an activity arrive in their order, however slow the first is', async () => {
  const told: unknown[] = [];
  const signal = async (_: string, __: string, attention: unknown): Promise<void> => {
    if (attention === null) await new Promise((resolve) => setTimeout(resolve, 50));
    told.push(attention);
  };
  const client = { workflow: { getHandle: () => ({ signal }) } } as unknown as Client;
  const attention = { problem: 'the disk is full', evidence: '', remedies: [] };
  await Promise.all([tell(client, 'shop/1', '7', null), tell(client, 'shop/1', '7', attention)]);
  expect(told).toEqual([null, attention]);
});
