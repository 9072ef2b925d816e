import { ApplicationFailure } from '@temporalio/common';
import { describe, expect, test } from 'vitest';
import { classify, classifyWith, type WorksFor } from '../../../../src/activities/runtime/classify.js';
import type { FailureDetails } from '../../../../src/contract/index.js';
import { needsPersonType, passingType } from '../../../../src/failures.js';
import { SecretMissingError, UnknownClusterError } from '../../../../src/config/index.js';

const sql = (code: string, message = 'something'): Error => Object.assign(new Error(message), { code });
function asFailure(error: Error): ApplicationFailure {
  if (error instanceof ApplicationFailure) return error;
  throw error;
}
const typeOf = (error: unknown): string | undefined | null => {
  const classified = classify(error);
  return classified instanceof ApplicationFailure ? classified.type : classified.name;
};

describe('what passes by itself is retried', () => {
  test.each([
    '57P01',
    '57P02',
    '57P03',
    '53300',
    '53400',
    '40001',
    '40P01',
    '55P03',
    '08006',
    '08001',
    'ECONNREFUSED',
    'ECONNRESET',
    'ETIMEDOUT',
  ])('%s', (code) => {
    const classified = asFailure(classify(sql(code)));
    expect(classified.type).toBe(passingType);
    // Temporal tries again: a retry by hand would do nothing.
    expect(JSON.stringify(classified.details)).not.toContain('retry');
    expect(classified.nonRetryable).toBe(false);
  });
  test.each([
    'failure on connection marked as essential: 10.0.0.1:5432',
    'server closed the connection unexpectedly',
    'Could not fetch disk stats for node: db3:5432',
    'could not acquire the lock required to move public.orders',
    'shard move failed as the orphaned shard public.events_102008 leftover from the previous move could not be cleaned up',
    'localhost:9703 is a metadata node, but is out of sync',
  ])('XX000: %s', (message) => expect(typeOf(sql('XX000', message))).toBe(passingType));
  // By where a move is when its node dies; read in the source of Citus 13.2 and of libpq.
  test.each([
    ['08006', 'connection to the remote node postgres@db3:5432 failed'],
    [
      '08006',
      'connection to the remote node app@db3:5432 failed with the following error: connection not open',
    ],
    ['08006', 'connection establishment for node db3:5432 failed'],
    ['08006', 'could not establish any connections to the node db3:5432 after 30000 ms'],
    ['XX000', 'execution cannot recover from multiple connection failures. Last node failed db3:5432'],
    ['58030', 'Failed to COPY to shard public.orders_102008 : server closed the connection unexpectedly,'],
    ['58030', 'Failed to COPY to destination shard public.orders_102008'],
    ['XX000', 'The logical replication waiting timeout of 7200000 msec is exceeded'],
    ['XX000', 'could not connect to the publisher: connection to server at "db2", port 5432 failed'],
    ['XX000', 'could not receive data from server: Connection reset by peer'],
    ['XX000', 'could not send data to server: Broken pipe'],
    ['XX000', 'no connection to the server'],
    ['XX000', 'connection pointer is NULL'],
    ['XX000', 'SSL SYSCALL error: EOF detected'],
    ['XX000', 'SSL connection has been closed unexpectedly'],
    ['XX000', 'SSL error: unexpected eof while reading'],
    ['XX000', ''],
    ['57P02', 'terminating connection because of crash of another server process'],
  ])('a node that dies in the middle of a move: %s %s', (code, message) =>
    expect(typeOf(sql(code, message))).toBe(passingType),
  );
});

describe('what a person must repair parks', () => {
  test.each(['28P01', '28000', '42501', '53100', '3D000', 'ENOTFOUND', 'XX000', '42883'])('%s', (code) => {
    const classified = asFailure(classify(sql(code)));
    expect(classified.type).toBe(needsPersonType);
    expect(classified.nonRetryable).toBe(true);
    expect(classified.details?.[0]).toMatchObject({
      remedies: expect.arrayContaining([
        expect.objectContaining({ action: 'retry', text: expect.any(String) as string }),
      ]) as object[],
    });
  });
});

test.each([new Error('odd'), sql('28P01'), new SecretMissingError('gone')])(
  'who only looks is offered no retry and no cancel: %s',
  (error) => {
    const remedies = (worksFor?: WorksFor): string =>
      JSON.stringify((asFailure(classify(error, worksFor)).details?.[0] as FailureDetails).remedies);
    expect(remedies()).toContain('then retry');
    expect(remedies('look')).toContain('then look again');
    expect(remedies('look')).not.toMatch(/retry|cancel/);
  },
);

test('a cluster that the config does not name refuses a look, and makes an operation wait for another config', () => {
  const error = new UnknownClusterError('shop', ['demo']);
  expect(asFailure(classify(error, 'look'))).toMatchObject({
    type: 'UnknownCluster',
    details: [{ cluster: 'shop' }],
  });
  expect(asFailure(classify(error))).toMatchObject({
    type: needsPersonType,
    details: [{ cluster: 'shop', remedies: [expect.objectContaining({ action: 'retry' })] }],
  });
});

test('a message of many addresses keeps the reason', () => {
  const classified = classify(new AggregateError([sql('ECONNREFUSED', 'connect ECONNREFUSED ::1:5432')], ''));
  expect(classified.message).toContain('ECONNREFUSED');
});

test('what it happened to is added to the evidence, and changes nothing else', () => {
  const error = sql('XX000', 'Could not fetch disk stats for node: db3-5432');
  const plain = asFailure(classify(error));
  const told = asFailure(classifyWith(error, 'move of shard 7 from db1:5432 to db3:5432'));
  expect(told).toMatchObject({ type: plain.type, message: plain.message, nonRetryable: plain.nonRetryable });
  expect(told.details?.[0]).toMatchObject({
    evidence: expect.arrayContaining([expect.stringContaining('to db3:5432')]) as string[],
  });
});
