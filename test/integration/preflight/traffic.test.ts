import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { withClient, type SandboxCluster } from '../../../sandbox/index.js';
import { runPreflight } from '../../../src/activities/preflight/run-preflight.js';
import { moveName } from '../../../src/citus/session/application-name.js';
import { follow } from '../../support/follow-remedy.js';
import { startForeignJob } from '../../support/foreign-job.js';
import { configOf } from '../connect/support.js';
import { asActivity, checkOf, preflightOf, request, startWithOrders, type Wishes } from './support.js';

let cluster: SandboxCluster;
beforeAll(async () => {
  cluster = await startWithOrders();
});
afterAll(() => cluster.stop());

const preflight = (...wishes: Wishes) => preflightOf(cluster, ...wishes);

test('a job of Citus that someone else started is named with its start, and so is its move', async () => {
  const { job, startedAt, end } = await startForeignJob(cluster);
  try {
    const check = checkOf(await preflight({ rebalance: false }), 'foreign-job');
    expect(check).toMatchObject({ severity: 'blocker', ok: false });
    expect(check.evidence).toContain(`background job ${job} (rebalance), running, since ${startedAt}`);
    expect(check.evidence).toMatch(/(a move|citus_move_shard_placement) in session \d+, running/);
    expect(check.remedy?.text).toContain(`SELECT citus_job_cancel(${job})`);
    await follow(cluster, check.remedy?.text ?? '');
    await expect
      .poll(async () => checkOf(await preflight({ rebalance: false }), 'foreign-job').ok, { timeout: 20_000 })
      .toBe(true);
  } finally {
    await end();
  }
  expect(checkOf(await preflight({ rebalance: false }), 'foreign-job').ok).toBe(true);
});

test('a move by others is foreign, one of the same operation is not', async () => {
  const { login } = cluster.coordinator;
  // It waits for the lock that the first session holds, as a move waits for writers.
  await withClient(login, async (blocker) => {
    await blocker.query('BEGIN; LOCK TABLE orders IN ACCESS EXCLUSIVE MODE');
    const mover = new pg.Client({
      ...login,
      application_name: moveName('shop/scaleOut/1', 'test'),
    });
    mover.on('error', () => undefined);
    await mover.connect();
    const [shard] = await cluster.query<{ id: number; from: number; to: number }>(`
      SELECT s.shardid AS id, n.nodeid AS from, (SELECT nodeid FROM pg_dist_node o WHERE o.groupid NOT IN (0, p.groupid)) AS to
        FROM pg_dist_shard s JOIN pg_dist_placement p USING (shardid) JOIN pg_dist_node n USING (groupid) LIMIT 1`);
    const moving = mover
      .query(`SELECT citus_move_shard_placement($1::int8, $2::int, $3::int, 'block_writes')`, [
        shard?.id,
        shard?.from,
        shard?.to,
      ])
      .catch(() => undefined);
    try {
      const busy = `SELECT 1 FROM pg_stat_activity WHERE application_name LIKE 'citus-scaler:%move%' AND state = 'active'`;
      await expect.poll(async () => (await cluster.query(busy)).length, { timeout: 10_000 }).toBe(1);
      const foreign = checkOf(await preflight({ rebalance: false }), 'foreign-job');
      expect(foreign.ok).toBe(false);
      expect(foreign.evidence).toMatch(/citus_move_shard_placement in session \d+ of another operation/);
      expect(foreign.remedy).toMatchObject({ action: 'list' });
      const own = { operationId: 'shop/scaleOut/1' };
      expect(checkOf(await preflight({ rebalance: false }, own), 'foreign-job').ok).toBe(true);
    } finally {
      await cluster.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'citus-scaler:%move%'`,
      );
      await moving;
      await mover.end().catch(() => undefined);
      await blocker.query('ROLLBACK');
    }
  });
});

test('rows of the clean-up that name a gone node group block', async () => {
  await cluster.query(`INSERT INTO pg_dist_cleanup (record_id, operation_id, object_type, object_name, node_group_id, policy_type)
    VALUES (900, 900, 1, 'public.orders_102008', 99, 1)`);
  try {
    const check = checkOf(await preflight(), 'leftovers');
    expect(check).toMatchObject({ severity: 'blocker', ok: false });
    expect(check.evidence).toContain('orders_102008 of group 99');
  } finally {
    await cluster.query('DELETE FROM pg_dist_cleanup WHERE record_id = 900');
  }
});

test('a setting that an operation left lowered is found, unless an operation is at work', async () => {
  const [worker] = cluster.workers;
  await worker?.query(`ALTER SYSTEM SET wal_retrieve_retry_interval = '100ms'`);
  await worker?.query('SELECT pg_reload_conf()');
  try {
    for (const type of ['scaleOut', 'rebalance', 'drainWorker', 'removeWorker'] as const)
      await expect
        .poll(async () => checkOf(await preflight({}, { type }), 'temporary-settings').evidence)
        .toContain(`wal_retrieve_retry_interval = 100ms is still set on ${worker?.address}`);
    const held = await asActivity(() =>
      runPreflight(configOf(cluster), request(), { isHeld: () => Promise.resolve(true) }),
    );
    expect(checkOf(held.checks, 'temporary-settings').ok).toBe(true);
    expect(checkOf(await preflight({}, { type: 'cleanUp' }), 'leftovers').evidence).toBe('1 found');
  } finally {
    await worker?.query('ALTER SYSTEM RESET wal_retrieve_retry_interval');
    await worker?.query('SELECT pg_reload_conf()');
  }
});
