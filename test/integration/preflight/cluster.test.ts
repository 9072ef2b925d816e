import { createServer, connect, type AddressInfo, type Server } from 'node:net';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startCluster, withClient, type SandboxCluster } from '../../../sandbox/index.js';
import { moveApplicationName } from '../../../src/citus/application-name.js';
import {
  acceptableChecks,
  checkIds,
  runPreflight,
  type PreflightRequest,
} from '../../../src/activities/preflight.js';
import type { Check } from '../../../src/contract/index.js';
import { startForeignJob } from '../../support/foreign-job.js';
import { flavour } from '../../support/stage.js';
import { configOf } from '../connect/support.js';
import { asActivity, checkOf, failing, request } from './support.js';

let cluster: SandboxCluster;
beforeAll(async () => {
  cluster = await startCluster({ workers: 2, flavour });
  await cluster.query(`CREATE TABLE orders (id bigint PRIMARY KEY, note text)`);
  await cluster.query(`SELECT create_distributed_table('orders', 'id', shard_count := 4)`);
});
afterAll(() => cluster.stop());

const preflight = async (
  input: PreflightRequest['input'] = { nodes: [] },
  more: Partial<PreflightRequest> = {},
  coordinator: object = {},
): Promise<Check[]> =>
  (await asActivity(() => runPreflight(configOf(cluster, { coordinator }), request(input, more)))).checks;

test('a healthy cluster passes, every check with its evidence, all of them known', async () => {
  const { checks, before } = await asActivity(() => runPreflight(configOf(cluster), request({ nodes: [] })));
  expect(failing(checks)).toEqual([]);
  expect(checks.length).toBeGreaterThan(15);
  expect(checks.every(({ evidence }) => evidence.length > 0)).toBe(true);
  expect(checks.map(({ id }) => id).filter((id) => !checkIds.includes(id))).toEqual([]);
  expect(before?.workers).toHaveLength(2);
  expect(before?.movableShards).toBe(4);
});

test('more workers than there are need someone who starts them', async () => {
  expect(failing(await preflight({ add: 1 }))).toEqual(['blocker provisioner']);
  expect(failing(await preflight({ to: 2 }))).toEqual([]);
});

test('a table that online moves refuse is named, by the mode that was asked for, and can be accepted', async () => {
  await cluster.query('CREATE TABLE notes (id bigint)');
  await cluster.query(
    `SELECT create_distributed_table('notes', 'id', shard_count := 2, colocate_with := 'none')`,
  );
  try {
    const refused = checkOf(await preflight(), 'replica-identity');
    expect(refused).toMatchObject({ severity: 'blocker', ok: false });
    expect(refused.evidence).toContain('notes');
    expect(refused.evidence).not.toContain('orders');
    expect(checkOf(await preflight({}, { transferMode: 'force_logical' }), 'replica-identity').severity).toBe(
      'warning',
    );
    expect(checkOf(await preflight({}, { transferMode: 'block_writes' }), 'replica-identity').ok).toBe(true);
    expect(failing(await preflight({ nodes: [], rebalance: false }))).toEqual([]);
    const accepted = checkOf(await preflight({ acceptChecks: ['replica-identity'] }), 'replica-identity');
    expect(accepted).toMatchObject({ severity: 'warning', ok: false });
    expect(accepted.evidence).toContain('accepted');
  } finally {
    await cluster.query('DROP TABLE notes');
  }
});

test('what nothing can do without is not acceptable', () => {
  for (const id of [
    'coordinator-reachable',
    'is-coordinator',
    'new-node-reachable',
    'new-node-extension',
    'foreign-job',
  ])
    expect(acceptableChecks).not.toContain(id);
  expect(acceptableChecks.filter((id) => !checkIds.includes(id))).toEqual([]);
});

test('owners of tables who may not log in or create are named, with the node', async () => {
  await cluster.query('CREATE ROLE shop_owner NOLOGIN');
  await cluster.query('ALTER TABLE orders OWNER TO shop_owner');
  try {
    const check = checkOf(await preflight(), 'owner-rights');
    expect(check).toMatchObject({ severity: 'blocker', ok: false });
    expect(check.evidence).toContain(
      `${cluster.coordinator.address}: shop_owner (owner of public.orders) may not log in`,
    );
  } finally {
    await cluster.query('ALTER TABLE orders OWNER TO CURRENT_USER');
    await cluster.query('DROP ROLE shop_owner');
  }
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

test('a setting that an operation left raised is found, unless an operation is at work', async () => {
  const [worker] = cluster.workers;
  await worker?.query(`ALTER SYSTEM SET wal_retrieve_retry_interval = '100ms'`);
  await worker?.query('SELECT pg_reload_conf()');
  try {
    for (const type of ['scaleOut', 'rebalance', 'drainWorker', 'removeWorker'] as const)
      await expect
        .poll(async () => checkOf(await preflight({}, { type }), 'borrowed-settings').evidence)
        .toContain(`wal_retrieve_retry_interval = 100ms on ${worker?.address}`);
    const held = await asActivity(() =>
      runPreflight(configOf(cluster), request(), { isHeld: () => Promise.resolve(true) }),
    );
    expect(checkOf(held.checks, 'borrowed-settings').ok).toBe(true);
    expect(checkOf(await preflight({}, { type: 'cleanUp' }), 'leftovers').evidence).toBe('1 found');
  } finally {
    await worker?.query('ALTER SYSTEM RESET wal_retrieve_retry_interval');
    await worker?.query('SELECT pg_reload_conf()');
  }
});

test('what becomes of shards on a worker that is marked depends on what is planned', async () => {
  const [marked, other] = cluster.workers;
  const property = (value: boolean): Promise<unknown> =>
    cluster.query(`SELECT citus_set_node_property($1, $2, 'shouldhaveshards', $3)`, [
      marked?.host,
      marked?.port,
      value,
    ]);
  await property(false);
  try {
    const said = async (...wishes: Parameters<typeof preflight>): Promise<string> => {
      const [check, more] = (await preflight(...wishes)).filter(({ id }) => id === 'drained-nodes');
      expect(more).toBeUndefined();
      return `${check?.severity}: ${check?.evidence}`;
    };
    const off = `shouldhaveshards is off on ${marked?.address}`;
    const stays = `warning: ${off}: they get nothing, and what they hold stays there`;
    const moves = `warning: ${off}: they get nothing, and what they hold moves to the others`;
    expect(await said({}, { type: 'rebalance' })).toBe(moves);
    expect(await said({})).toBe(moves);
    expect(await said({ rebalance: false })).toBe(stays);
    expect(await said({ nodes: [other?.address ?? ''] }, { type: 'drainWorker' })).toBe(stays);
    expect(await said({ drainOnly: true }, { type: 'rebalance' })).toBe(
      `info: ${off}: they are emptied, as asked`,
    );
  } finally {
    await property(true);
  }
});

test('the coordinator is never emptied, removed or put back, whether it holds shards or not', async () => {
  const { address, host, port } = cluster.coordinator;
  const property = (value: boolean): Promise<unknown> =>
    cluster.query(`SELECT citus_set_node_property($1, $2, 'shouldhaveshards', $3)`, [host, port, value]);
  for (const holds of [true, false]) {
    await property(holds);
    for (const more of [{}, { undo: true }])
      expect(
        checkOf(await preflight({ nodes: [address], ...more }, { type: 'drainWorker' }), 'leaving-nodes'),
      ).toMatchObject({ ok: false, severity: 'blocker', evidence: `${address} is the coordinator` });
  }
});

test('a job of Citus that someone else started is named with its start, and so is its move', async () => {
  const { job, startedAt, end } = await startForeignJob(cluster);
  try {
    const check = checkOf(await preflight({ rebalance: false }), 'foreign-job');
    expect(check).toMatchObject({ severity: 'blocker', ok: false });
    expect(check.evidence).toContain(`background job ${job} (rebalance), running, since ${startedAt}`);
    expect(check.evidence).toMatch(/(a move|citus_move_shard_placement) in session \d+, running/);
    expect(check.remedy).toContain(`SELECT citus_job_cancel(${job})`);
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
      application_name: moveApplicationName('shop/scaleOut/1', 'test'),
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

test('signs of Patroni block, and are named with the server', async () => {
  const [worker] = cluster.workers;
  if (!worker) throw new Error('no worker');
  const patroni = new pg.Client({ ...worker.login, application_name: 'Patroni heartbeat' });
  await patroni.connect();
  try {
    const check = checkOf(await preflight(), 'patroni');
    expect(check).toMatchObject({ severity: 'blocker', ok: false });
    expect(check.evidence).toContain(`${worker.address}: a session of Patroni heartbeat`);
  } finally {
    await patroni.end();
  }
});

test('a pooler in between is recognised', async () => {
  const { server, port } = await poolerBefore(cluster.coordinator.port);
  const checks = await preflight({ nodes: [] }, {}, { port });
  server.close();
  expect(checkOf(checks, 'pooler')).toMatchObject({ severity: 'blocker', ok: false });
});

test('a database without Citus, and a worker, are no coordinator', async () => {
  const other = await preflight({ nodes: [] }, {}, { database: 'postgres' });
  expect(failing(other)).toContain('blocker is-coordinator');
  const worker = await preflight({ nodes: [] }, {}, { port: cluster.workers[0]?.port });
  expect(checkOf(worker, 'is-coordinator').evidence).toContain('worker');
});

test('a coordinator that takes no writes blocks', async () => {
  await cluster.query(`ALTER DATABASE ${cluster.database} SET default_transaction_read_only = on`);
  try {
    expect(failing(await preflight())).toEqual(['blocker coordinator-writable']);
  } finally {
    await cluster.query(
      `BEGIN READ WRITE; ALTER DATABASE ${cluster.database} RESET default_transaction_read_only; COMMIT`,
    );
  }
});

test('wrong credentials come out as PostgreSQL says them', async () => {
  await expect(preflight({}, {}, { user: 'nobody_here' })).rejects.toMatchObject({ code: '28P01' });
  await expect(preflight({}, {}, { database: 'no_such_db' })).rejects.toMatchObject({ code: '3D000' });
});

test('a server without what moves need is named with its figures', async () => {
  const few = checkOf(await preflight({}, { parallelMoves: 64 }), 'replication-slots');
  expect(few).toMatchObject({ severity: 'blocker', ok: false });
  expect(few.evidence).toMatch(/127\.0\.0\.1:\d+: \d+ of \d+ replication slots free/);
});

test('a worker that is down or frozen is said, without failing and without waiting for long', async () => {
  const [worker] = cluster.workers;
  if (!worker) throw new Error('no worker');
  await worker.stop('immediate');
  const down = await preflight();
  expect(checkOf(down, 'nodes-active')).toMatchObject({ severity: 'blocker', ok: false });
  expect(checkOf(down, 'nodes-active').evidence).toContain(worker.address);
  await worker.start();

  worker.freeze();
  try {
    const begin = Date.now();
    const frozen = await preflight();
    expect(checkOf(frozen, 'nodes-active').evidence).toContain(worker.address);
    expect(Date.now() - begin).toBeLessThan(40_000);
  } finally {
    worker.thaw();
  }
});

/** Passes everything on, but hands out another process id than the server's, as poolers do. */
async function poolerBefore(port: number): Promise<{ server: Server; port: number }> {
  const server = createServer((client) => {
    const behind = connect(port, '127.0.0.1');
    client.on('error', () => behind.destroy()).pipe(behind);
    behind.on('error', () => client.destroy()).on('end', () => client.end());
    behind.on('data', (data: Buffer) => {
      const key = data.indexOf(Buffer.from([0x4b, 0, 0, 0, 12])); // BackendKeyData
      if (key >= 0) data.writeInt32BE(data.readInt32BE(key + 5) + 1, key + 5);
      client.write(data);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, port: (server.address() as AddressInfo).port };
}
