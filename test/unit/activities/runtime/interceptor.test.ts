import type { Context } from '@temporalio/activity';
import type { Client } from '@temporalio/client';
import type { ApplicationFailure } from '@temporalio/common';
import { describe, expect, test } from 'vitest';
import { deedOf } from '../../../../src/activities/deeds.js';
import { beatWith, sharedActivityBehaviour, tell } from '../../../../src/activities/runtime/interceptor.js';
import { needsPerson, passing, repeating } from '../../../../src/failures.js';

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

describe('a cause that repeats', () => {
  const failure = (cause: string): Error =>
    repeating(cause, 'db3:5432: canceling statement due to statement timeout', {
      remedies: ['raise statement_timeout on db3:5432', 'or cancel'],
    });

  /** The failures of attempts of one activity, of which each knows what the one before has told last. */
  async function attempts(work: Error[]): Promise<(string | null | undefined)[]> {
    let heartbeatDetails: unknown;
    const types: (string | null | undefined)[] = [];
    for (const error of work) {
      const context = {
        info: { heartbeatDetails, scheduledTimestampMs: Date.now() },
        heartbeat: (details: unknown) => {
          heartbeatDetails = details;
        },
        cancellationSignal: new AbortController().signal,
      } as unknown as Context;
      const { inbound } = sharedActivityBehaviour({} as unknown as Client)(context);
      const next = (): Promise<never> => {
        beatWith(context, () => ({ kind: 'moves', movesDone: 3 }));
        return Promise.reject(error);
      };
      const ended = inbound.execute?.({ args: [], headers: {} }, next).catch((failed: unknown) => failed);
      const failed = (await ended) as ApplicationFailure;
      types.push(failed.type);
      expect(heartbeatDetails).toMatchObject({ kind: 'moves', movesDone: 3 });
      if (failed.type === 'NeedsPerson')
        expect(failed).toMatchObject({
          nonRetryable: true,
          details: [
            {
              evidence: [expect.stringContaining('3 times')],
              remedies: [
                { action: 'retry', text: 'raise statement_timeout on db3:5432, then retry' },
                { text: 'or cancel' },
              ],
            },
          ],
        });
    }
    return types;
  }

  test('parks when it has come three times, whatever else came in between', async () => {
    const outage = passing('db3:5432 does not answer');
    const same = failure('move 7: statement_timeout on db3:5432');
    const other = failure('move 8: statement_timeout on db3:5432');
    expect(await attempts([same, outage, same, other, outage, same])).toEqual([
      ...Array<string>(5).fill('Passing'),
      'NeedsPerson',
    ]);
  });

  test('is no outage, which is tried again for ever', async () => {
    const outage = passing('db3:5432 does not answer');
    const types = await attempts(Array<Error>(30).fill(outage));
    expect(types).toEqual(Array<string>(30).fill('Passing'));
  });
});
