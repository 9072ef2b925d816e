import { afterAll, beforeAll, expect, test } from 'vitest';
import { startCluster, type SandboxCluster, type SandboxNode } from '../../../sandbox/index.js';
import {
  checkNewNodes,
  checkTargets,
  runPreflight,
} from '../../../src/activities/preflight/run-preflight.js';
import type { Check } from '../../../src/contract/index.js';
import { flavour } from '../../support/stage.js';
import { configOf } from '../connect/support.js';
import { asActivity, checkOf, failing, request } from './support.js';

let cluster: SandboxCluster;
let fresh: SandboxNode;
beforeAll(async () => {
  cluster = await startCluster({ workers: 2, flavour });
  fresh = await cluster.addNode();
});
afterAll(() => cluster.stop());

const anywhere = { allowedNodes: ['127.0.0.1:*', 'localhost:*', 'nowhere.invalid:*'] };

async function preflight(nodes: string[], config: object = anywhere): Promise<Check[]> {
  const { checks } = await asActivity(() =>
    runPreflight(configOf(cluster, { ...config }), request({ nodes })),
  );
  return checks;
}

test('a server that is ready passes, before the operation and after it was started for it', async () => {
  const checks = await preflight([fresh.address]);
  expect(failing(checks)).toEqual([]);
  for (const id of [
    'new-node-reachable',
    'new-node-extension',
    'new-node-versions',
    'coordinator-reaches-new-node',
    'new-node-mesh',
  ])
    expect(checkOf(checks, id).evidence).toContain(fresh.address);
  const again = await asActivity(() =>
    checkNewNodes(configOf(cluster, anywhere), request({ add: 1 }), [fresh.address]),
  );
  expect(failing(again)).toEqual([]);
  expect(again.length).toBeGreaterThan(5);
});

test('a worker that is active already is no mistake', async () => {
  const [worker] = cluster.workers;
  const checks = await preflight([worker?.address ?? '']);
  expect(failing(checks)).toEqual([]);
  expect(checkOf(checks, 'new-node-is-new').evidence).toContain('active worker already');
});

test('the coordinator is no new worker, under whatever name', async () => {
  const { address, port } = cluster.coordinator;
  expect(failing(await preflight([address]))).toEqual(['blocker new-node-is-new']);
  const alias = await preflight([`localhost:${port}`]);
  expect(
    checkOf(
      alias.filter(({ ok }) => !ok),
      'new-node-is-new',
    ).evidence,
  ).toContain('the coordinator itself');
});

test('a server without the extension in the right database is told apart', async () => {
  const bare = await cluster.addNode({ extension: false });
  const check = checkOf(await preflight([bare.address]), 'new-node-extension');
  expect(check).toMatchObject({ severity: 'blocker', ok: false });
  expect(check.remedy?.text).toContain(cluster.database);
});

test('a server that nobody allowed is not spoken to, and the remedy says where to allow it', async () => {
  const checks = await preflight([fresh.address], { allowedNodes: ['10.0.0.*:5432'] });
  expect(failing(checks)).toEqual(['blocker new-node-allowed']);
  expect(checkOf(checks, 'new-node-allowed').remedy?.text).toContain('allowedNodes');
});

test('servers that do not answer are all named, and none stops the other checks', async () => {
  const checks = await preflight(['127.0.0.1:1', 'nowhere.invalid:5432', fresh.address]);
  expect(failing(checks)).toEqual(['blocker new-node-reachable', 'blocker new-node-reachable']);
  expect(checkOf(checks, 'new-node-extension').ok).toBe(true);
});

test('a server that takes no writes is refused', async () => {
  await fresh.query(`ALTER DATABASE ${cluster.database} SET default_transaction_read_only = on`);
  const checks = await preflight([fresh.address]);
  await fresh.query(
    `BEGIN READ WRITE; ALTER DATABASE ${cluster.database} RESET default_transaction_read_only; COMMIT`,
  );
  expect(failing(checks)).toEqual(['blocker new-node-writable']);
});

test('what is left of an earlier cluster is said', async () => {
  await fresh.query('CREATE TABLE orders_102008 (id bigint)');
  const check = checkOf(await preflight([fresh.address]), 'new-node-clean');
  expect(check).toMatchObject({ severity: 'warning', ok: false });
  expect(check.evidence).toContain('orders_102008');
  await fresh.query('DROP TABLE orders_102008');
});

test('what is called like the cluster’s tables is in the way: Citus would drop it, or fail', async () => {
  await cluster.query('CREATE TABLE "Orders" (id bigint PRIMARY KEY, at date)');
  await cluster.query(`SELECT create_distributed_table('"Orders"', 'id', shard_count => 4)`);
  try {
    await fresh.query('CREATE TABLE "Orders" (id bigint)');
    expect(checkOf(await preflight([fresh.address]), 'new-node-tables').ok).toBe(true);
    await fresh.query('INSERT INTO "Orders" VALUES (1)');
    const check = checkOf(await preflight([fresh.address]), 'new-node-tables');
    expect(check).toMatchObject({ severity: 'blocker', ok: false });
    expect(check.evidence).toContain('public."Orders"');
    await fresh.query('DROP TABLE "Orders"');
    await fresh.query(
      `CREATE TABLE "Orders" (id bigint, at date) PARTITION BY RANGE (at);
       CREATE TABLE orders_now PARTITION OF "Orders" FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
       INSERT INTO "Orders" VALUES (1, '2026-05-01')`,
    );
    expect(checkOf(await preflight([fresh.address]), 'new-node-tables').ok).toBe(false);
    await fresh.query('DROP TABLE "Orders"');
    await fresh.query('CREATE VIEW "Orders" AS SELECT 1 AS id');
    const { evidence } = checkOf(await preflight([fresh.address]), 'new-node-tables');
    await fresh.query('DROP VIEW "Orders"');
    expect(evidence).toMatch(/no table, .*"Orders"/);
  } finally {
    await fresh.query('DROP TABLE IF EXISTS "Orders"');
    await cluster.query('DROP TABLE "Orders"');
  }
});

test('workers that are called localhost only fit a coordinator that is too', async () => {
  await cluster.query(`UPDATE pg_dist_node SET nodename = 'localhost' WHERE groupid = 0`);
  try {
    const check = checkOf(await preflight([fresh.address]), 'coordinator-address');
    expect(check).toMatchObject({ severity: 'blocker', ok: false });
    expect(check.evidence).toContain(fresh.address);
  } finally {
    await cluster.query(`UPDATE pg_dist_node SET nodename = '127.0.0.1' WHERE groupid = 0`);
  }
});

test('a target must have room for all that it will receive', async () => {
  const { address: node } = fresh;
  const config = configOf(cluster, anywhere);
  const targets = (bytes: number, input = {}): Promise<Check[]> =>
    asActivity(() => checkTargets(config, request(input), [{ node, bytes, largestGroupBytes: 0 }]));
  expect(failing(await targets(1_000_000))).toEqual([]);
  const [full] = await targets(1e15);
  expect(full).toMatchObject({ id: 'target-disk', severity: 'blocker', ok: false });
  expect(full?.evidence).toMatch(/receives 1\.0 PB, has .* of .* free/);
  const [accepted] = await targets(1e15, { acceptChecks: ['target-disk'] });
  expect(accepted?.severity).toBe('warning');
});
