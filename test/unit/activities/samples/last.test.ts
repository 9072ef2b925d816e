import { ScheduleNotFoundError, type Client } from '@temporalio/client';
import { expect, test } from 'vitest';
import { lastSample } from '../../../../src/activities/samples/last.js';

const sample = { takenAt: '2026-01-01T00:00:00Z', nodes: [], leftOut: 0 };

/** A Temporal whose Schedule answers with these errors first. */
function temporal(...errors: Error[]): { client: Client; asked: () => number } {
  let asked = 0;
  const action = { workflow: { workflowId: 'one', firstExecutionRunId: 'run' } };
  const client = {
    withDeadline: (_: number, work: () => Promise<unknown>) => work(),
    schedule: {
      getHandle: () => ({
        describe: () => {
          const error = errors[asked];
          asked += 1;
          return error ? Promise.reject(error) : Promise.resolve({ info: { recentActions: [{ action }] } });
        },
      }),
    },
    workflow: {
      getHandle: () => ({
        describe: () => Promise.resolve({ status: { name: 'COMPLETED' } }),
        result: () => Promise.resolve(sample),
      }),
    },
  };
  return { client: client as unknown as Client, asked: () => asked };
}

test('the last sample is found though Temporal fails to answer once', async () => {
  const { client, asked } = temporal(new Error('busy'));
  expect(await lastSample(client, 'shop')).toEqual(sample);
  expect(asked()).toBe(2);
});

test('a cluster without a Schedule has none, and nobody asks twice', async () => {
  const { client, asked } = temporal(new ScheduleNotFoundError('none', 'citus-scaler/samples/shop'));
  expect(await lastSample(client, 'shop')).toBeUndefined();
  expect(asked()).toBe(1);
});
