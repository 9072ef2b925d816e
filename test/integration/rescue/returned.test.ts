import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findFlavour, startCluster, type SandboxCluster, type SandboxNode } from '../../../sandbox/index.js';
import { inspectHealth } from '../../../src/activities/inspect/health.js';
import { runPreflight } from '../../../src/activities/preflight/run-preflight.js';
import { flavour } from '../../support/stage.js';
import { noLocks } from '../../support/activity-stage.js';
import { configOf } from '../connect/support.js';
import { asActivity, checkOf, request } from '../preflight/support.js';
import { killAndGiveUp } from './support.js';

let cluster: SandboxCluster;
let back: SandboxNode;

const tables = [
  `create table tenants (id bigint primary key, name text)`,
  `create table orders (tenant bigint references tenants, id bigint, note text, primary key (tenant, id))`,
  `select create_distributed_table('tenants', 'id', shard_count => 6)`,
  `select create_distributed_table('orders', 'tenant', colocate_with => 'tenants')`,
  `insert into tenants select i, 'tenant ' || i from generate_series(1, 300) i`,
  `insert into orders select i % 300 + 1, i, 'note ' || i from generate_series(1, 900) i`,
];

// The stand-in's workers have no copy of the metadata by which they would write into the cluster.
describe.runIf(findFlavour(flavour).flavour === 'citus')('a worker that was given up and came back', () => {
  beforeAll(async () => {
    cluster = await startCluster({ workers: 3, flavour });
    for (const statement of tables) await cluster.query(statement);
    const [first] = cluster.workers;
    if (!first) throw new Error('no worker');
    back = first;
    await killAndGiveUp(cluster, back);
    await back.start();
  });
  afterAll(() => cluster.stop());

  test('writes into the cluster, and health says so', async () => {
    const [elsewhere] = await cluster.query<{ id: number }>(
      `select id::int from tenants order by id limit 1`,
    );
    await back.query('update tenants set name = $1 where id = $2', ['written past', elsewhere?.id]);
    expect(await cluster.query('select name from tenants where id = $1', [elsewhere?.id])).toEqual([
      { name: 'written past' },
    ]);
    const health = () => asActivity(() => inspectHealth(configOf(cluster), 1, noLocks));
    await expect
      .poll(async () => (await health()).checks.find(({ id }) => id === 'returned-node')?.evidence, {
        timeout: 20_000,
      })
      .toMatch(/past the coordinator: a server with sessions .* from 127\.0\.0\.1 on /);
    expect((await health()).verdict).toBe('attention');
  });

  test('is not taken in again while rows may be there that are nowhere else', async () => {
    const allowed = configOf(cluster, { allowedNodes: ['127.0.0.1:*'] });
    const { checks } = await asActivity(() => runPreflight(allowed, request({ nodes: [back.address] })));
    const check = checkOf(checks, 'new-node-given-up');
    expect(check).toMatchObject({ severity: 'blocker', ok: false });
    expect(check.evidence).toMatch(/was a worker before, node group \d+: .* holds 4 shards/);
  });
});
