import { afterAll, beforeAll, expect, test } from 'vitest';
import { ApplicationFailure } from '@temporalio/common';
import { startCluster, type SandboxCluster } from '../../../sandbox/index.js';
import { withCoordinator } from '../../../src/citus/session/connect.js';
import { classify } from '../../../src/activities/runtime/classify.js';
import { flavour } from '../../support/stage.js';
import { configOf } from './support.js';

let cluster: SandboxCluster;
beforeAll(async () => {
  cluster = await startCluster({ workers: 0, flavour });
});
afterAll(() => cluster.stop());

/** What becomes of a statement that warns, and then fails as Citus does when something failed on another node. */
async function failureAfter(
  warning: { code: string; message: string; detail?: string } | undefined,
  error = 'failure on connection marked as essential: db3:5432',
): Promise<ApplicationFailure> {
  const { code = '', message = '', detail = '' } = warning ?? {};
  const warn = warning
    ? `RAISE WARNING USING ERRCODE = '${code}', MESSAGE = '${message}', DETAIL = '${detail}';`
    : '';
  const failing = withCoordinator(configOf(cluster), { applicationName: 'citus-scaler:test' }, async (db) => {
    // What an earlier statement warned of is no cause.
    await db.query(`DO $$ BEGIN RAISE WARNING USING ERRCODE = '42501', MESSAGE = 'earlier'; END $$`);
    await db.query(
      `DO $$ BEGIN ${warn} RAISE EXCEPTION USING ERRCODE = 'XX000', MESSAGE = '${error}'; END $$`,
    );
  });
  const failure = classify(await failing.catch((failed: unknown) => failed));
  if (failure instanceof ApplicationFailure) return failure;
  throw failure;
}

const evidenceOf = ({ details }: ApplicationFailure): string => JSON.stringify(details?.[0]);

test('what a warning says is sorted by that, with the error behind it and no row', async () => {
  const failure = await failureAfter({
    code: '42501',
    message: 'permission denied for schema shop',
    detail: 'Key (id)=(17)',
  });
  expect(failure).toMatchObject({ type: 'NeedsPerson', message: 'permission denied for schema shop' });
  expect(evidenceOf(failure)).toContain('permission denied for schema shop (42501)');
  expect(evidenceOf(failure)).toContain('failure on connection marked as essential: db3:5432 (XX000)');
  expect(evidenceOf(failure)).not.toContain('17');
});

test('without a warning, or with one of an outage, it passes', async () => {
  expect(await failureAfter(undefined)).toMatchObject({ type: 'Passing' });
  const crash = {
    code: '57P02',
    message: 'terminating connection because of crash of another server process',
  };
  expect(await failureAfter(crash)).toMatchObject({ type: 'Passing' });
});

test('a user’s own warning is no evidence', async () => {
  const failure = await failureAfter({ code: '01000', message: 'customer 17 is late' });
  expect(failure.type).toBe('Passing');
  expect(evidenceOf(failure)).not.toContain('customer');
});

test('an error that says by itself what is wrong stays what it is', async () => {
  const failure = await failureAfter({ code: '57014', message: 'canceling statement' }, 'no such shard');
  expect(failure).toMatchObject({ type: 'NeedsPerson', message: 'no such shard' });
});

test('a login that one node refuses another is for a person, though it comes as a failed connection', async () => {
  const failure = await failureAfter(
    undefined,
    'connection to the remote node app@db3:5432 failed with the following error: fe_sendauth: no password supplied',
  );
  expect(failure.type).toBe('NeedsPerson');
  expect(evidenceOf(failure)).toContain('let the nodes log in to each other');
});
