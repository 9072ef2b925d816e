import { ApplicationFailure } from '@temporalio/common';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startCluster, type SandboxCluster } from '../../../sandbox/index.js';
import { noLocks, whereOf } from '../../support/activity-stage.js';
import { inspectActivities } from '../../../src/activities/inspect/activities.js';
import { inspectPreflight } from '../../../src/activities/inspect/preflight.js';
import { pageOf } from '../../../src/activities/inspect/pages.js';
import { clusterOf, loadConfig, UnknownClusterError } from '../../../src/config/index.js';
import type { HealthAnswer, InspectAnswers, InspectInput } from '../../../src/contract/index.js';
import { flavour } from '../../support/stage.js';
import { configFileOf } from '../connect/support.js';
import { asActivity, checkOf, failing } from '../preflight/support.js';

let cluster: SandboxCluster;
beforeAll(async () => {
  cluster = await startCluster({ workers: 2, flavour });
  await cluster.query('CREATE TABLE orders (id bigint PRIMARY KEY, note text)');
  await cluster.query(`SELECT create_distributed_table('orders', 'id', shard_count := 8)`);
  await cluster.query(`INSERT INTO orders SELECT i, repeat('x', 200) FROM generate_series(1, 5000) i`);
});
afterAll(() => cluster.stop());

async function look<What extends keyof InspectAnswers>(
  input: InspectInput & { what: What },
  locks = noLocks,
): Promise<InspectAnswers[What]> {
  const { inspect } = inspectActivities(whereOf(loadConfig(configFileOf(cluster))), locks);
  return (await asActivity(() => inspect({ input }))) as InspectAnswers[What];
}

const health = (): Promise<HealthAnswer> => look({ what: 'health', cluster: 'demo' });

test('clusters are named without anything secret', async () => {
  const answer = await look({ what: 'clusters' });
  expect(answer).toEqual({
    clusters: [
      {
        name: 'demo',
        coordinator: cluster.coordinator.address,
        database: cluster.database,
        provisioner: 'none',
        approval: 'required',
      },
    ],
  });
});

test('a healthy cluster is good, with versions, nodes, disk and balance', async () => {
  const answer = await health();
  expect(failing(answer.checks)).toEqual([]);
  expect(answer.verdict).toBe('good');
  expect(answer.versions.citus).toMatch(/^\d+\.\d+/);
  expect(answer.versions.postgres).toMatch(/^\d+\.\d+$/);
  expect(answer.nodesTotal).toBe(3);
  expect(answer.nodes.map(({ role }) => role)).toEqual(['coordinator', 'worker', 'worker']);
  expect(answer.nodes.every(({ diskTotalBytes = 0 }) => diskTotalBytes > 0)).toBe(true);
  expect(answer.balance.movableShards).toBe(8);
  expect(answer.balance.workers.every(({ bytes }) => bytes > 0)).toBe(true);
  expect([answer.jobs, answer.leftovers]).toEqual([[], []]);
  expect(JSON.stringify(answer)).not.toContain(cluster.password);
});

test('nodes, moves and preflight answer by themselves', async () => {
  const nodes = await look({ what: 'nodes', cluster: 'demo' });
  expect(nodes.nodes.map(({ node, role, shards }) => [node, role, shards])).toEqual(
    (await health()).nodes.map(({ node, role, shards }) => [node, role, shards]),
  );
  expect(await look({ what: 'moves', cluster: 'demo' })).toEqual({
    cluster: 'demo',
    moves: [],
    movesTotal: 0,
  });
  const preflight = await look({
    what: 'preflight',
    cluster: 'demo',
    nodes: [cluster.workers[0]?.address ?? ''],
  });
  expect(preflight).toMatchObject({ for: 'scaleOut', blockers: 0 });
  expect(preflight.checks.length).toBeGreaterThan(15);
});

test('who names no server is told what a machine that is started would meet, where a program can start one', async () => {
  const idsOf = async (config: ReturnType<typeof clusterOf>): Promise<string[]> =>
    (
      await asActivity(() => inspectPreflight(config, 'scaleOut', [], 1, () => Promise.resolve(false)))
    ).checks.map(({ id }) => id);
  const config = clusterOf(loadConfig(configFileOf(cluster)), 'demo');
  const program = { start: ['start-one'], stop: ['stop-one'], list: ['list-all'] };
  expect(await idsOf(config)).not.toContain('worker-sequences');
  expect(await idsOf({ ...config, workersFrom: { command: program } })).toEqual(
    expect.arrayContaining(['provisioner', 'worker-sequences']),
  );
});

test('what the planner would move is shown when a worker is empty', async () => {
  const node = await cluster.addNode();
  await cluster.query('SELECT citus_add_node($1, $2)', [node.host, node.port]);
  const answer = await look({ what: 'moves', cluster: 'demo' });
  expect(answer.movesTotal).toBeGreaterThan(0);
  expect(answer.moves).toHaveLength(answer.movesTotal);
  expect(
    answer.moves.every(
      ({ to, bytes, tables }) => to === node.address && bytes > 0 && tables.includes('orders'),
    ),
  ).toBe(true);
  expect(checkOf((await health()).checks, 'balance').evidence).toMatch(/1\.\d\d times the mean/);
  const empty = {
    severity: 'info',
    ok: false,
    evidence: `${node.address}: in service and without shards`,
    remedy: { action: 'rebalance', text: 'a rebalance fills them' },
  };
  const { checks } = await health();
  expect(checkOf(checks, 'empty-nodes')).toMatchObject(empty);
  // While an operation moves data, who rebalances would work against it.
  const holder = {
    workflowId: 'demo/drainWorker/1',
    runId: '',
    type: 'drainWorker',
    cluster: 'demo',
  } as const;
  const locks = { ...noLocks, readHolding: () => Promise.resolve(holder) };
  const busy = await look({ what: 'health', cluster: 'demo' }, locks);
  expect(busy.operation).toEqual({ id: holder.workflowId, type: 'drainWorker' });
  expect(checkOf(busy.checks, 'empty-nodes')).toMatchObject({ ok: false, evidence: empty.evidence });
  expect(JSON.stringify(busy.checks)).not.toContain('"rebalance"');
  const about = { what: 'preflight', cluster: 'demo' } as const;
  expect(checkOf((await look({ ...about, for: 'rebalance' })).checks, 'empty-nodes')).toMatchObject(empty);
  const leaving = await look({ ...about, for: 'removeWorker', nodes: [node.address] });
  expect(failing(leaving.checks)).toEqual([]);
  await cluster.query('SELECT citus_remove_node($1, $2)', [node.host, node.port]);
  // It still believes to be a node, and would be told as a stranger.
  await node.stop('immediate');
});

test('what an operation left behind stands out', async () => {
  const [worker] = cluster.workers;
  await worker?.query(`ALTER SYSTEM SET wal_retrieve_retry_interval = '100ms'`);
  await worker?.query('SELECT pg_reload_conf()');
  await worker?.query(
    'SET citus.enable_ddl_propagation = off; CREATE PUBLICATION citus_shard_move_publication_7_10_1',
  );
  await cluster.query(`INSERT INTO pg_dist_cleanup (record_id, operation_id, object_type, object_name, node_group_id, policy_type)
    VALUES (900, 900, 1, 'public.orders_102008', 99, 1)`);
  try {
    await expect
      .poll(async () => failing((await health()).checks), { timeout: 10_000 })
      .toContain('warning temporary-settings');
    const answer = await health();
    expect(answer.verdict).toBe('attention');
    expect(answer.leftovers.map(({ kind, node, name }) => ({ kind, node, name }))).toEqual([
      { kind: 'publication', node: worker?.address, name: 'citus_shard_move_publication_7_10_1' },
      {
        kind: 'pg_dist_cleanup row',
        node: cluster.coordinator.address,
        name: 'public.orders_102008 of group 99',
      },
      { kind: 'setting', node: worker?.address, name: 'wal_retrieve_retry_interval = 100ms' },
    ]);
    expect(answer.leftovers.every(({ removable }) => removable)).toBe(true);
    expect(answer.leftoversTotal).toBe(3);
    expect(checkOf(answer.checks, 'temporary-settings').evidence).toContain(worker?.address);
  } finally {
    await cluster.query('DELETE FROM pg_dist_cleanup WHERE record_id = 900');
    await worker?.query(
      'SET citus.enable_ddl_propagation = off; DROP PUBLICATION citus_shard_move_publication_7_10_1',
    );
    await worker?.query('ALTER SYSTEM RESET wal_retrieve_retry_interval');
    await worker?.query('SELECT pg_reload_conf()');
  }
});

test('a job that runs is told', async () => {
  await cluster.query(`INSERT INTO pg_dist_background_job (job_id, state, job_type, description, started_at)
    VALUES (901, 'running', 'rebalance', 'secret of a user', now())`);
  const { jobs } = await health();
  await cluster.query('DELETE FROM pg_dist_background_job WHERE job_id = 901');
  expect(jobs).toMatchObject([{ kind: 'job', jobId: 901, state: 'running' }]);
  expect(JSON.stringify(jobs)).not.toContain('secret');
});

test('a Citus that is too old is named by all that ask, instead of a column that it hasn’t', async () => {
  const say = (version: unknown) =>
    cluster.query(`UPDATE pg_catalog.pg_extension SET extversion = $1 WHERE extname = 'citus'`, [version]);
  const [before] = await cluster.query<{ extversion: string }>(
    `SELECT extversion FROM pg_catalog.pg_extension WHERE extname = 'citus'`,
  );
  await say('11.2-2');
  try {
    const answer = await health();
    expect(failing(answer.checks)).toEqual(['blocker supported-versions']);
    expect(answer).toMatchObject({ verdict: 'bad', nodes: [] });
    for (const what of ['nodes', 'moves'] as const)
      await expect(look({ what, cluster: 'demo' })).rejects.toMatchObject({
        type: 'PreflightRefused',
        message: expect.stringContaining('Citus 11.2 is too old') as string,
      });
  } finally {
    await say(before?.extversion);
  }
});

test('a worker that is down makes it bad, and the rest is still told', async () => {
  const [worker] = cluster.workers;
  await worker?.stop('immediate');
  try {
    const answer = await health();
    expect(answer.verdict).toBe('bad');
    expect(answer.checks[0]).toMatchObject({ id: 'nodes-active', ok: false });
    const down = answer.nodes.find(({ node }) => node === worker?.address);
    expect(down?.postgres).toBeUndefined();
    expect(down?.shards).toBeGreaterThan(0);
    // Other nodes tell sizes of their copies of reference tables: the dead one holds no such sum.
    expect(down?.bytes).toBeUndefined();
    expect(checkOf(answer.checks, 'balance').evidence).toContain('sizes could not be read');
    expect(answer.nodesTotal).toBe(3);
  } finally {
    await worker?.start();
  }
});

test('inputs that are wrong are said field by field', async () => {
  const { inspect } = inspectActivities(whereOf(loadConfig(configFileOf(cluster))), noLocks);
  const wrong = [null, undefined, {}, { what: 'health' }, { what: 'health', cluster: 'demo', colour: 'red' }];
  for (const input of wrong) {
    const error: unknown = await asActivity(() => inspect({ input: input as InspectInput })).catch(
      (e: unknown) => e,
    );
    expect(error).toBeInstanceOf(ApplicationFailure);
    expect(error).toMatchObject({ type: 'InvalidInput', nonRetryable: true });
  }
  await expect(look({ what: 'health', cluster: 'store' })).rejects.toBeInstanceOf(UnknownClusterError);
});

test('pages are cut by their size and hold everything once', () => {
  const items = Array.from({ length: 300 }, (_, index) => ({ index, text: 'x'.repeat(index * 4) }));
  const seen: number[] = [];
  for (let page: number | undefined = 1; page !== undefined;) {
    const answer: ReturnType<typeof pageOf<(typeof items)[number]>> = pageOf(items, page);
    expect(JSON.stringify(answer.items).length).toBeLessThan(30_000);
    seen.push(...answer.items.map(({ index }) => index));
    page = answer.nextPage;
  }
  expect(seen).toEqual(items.map(({ index }) => index));
  expect(pageOf(items, 99)).toEqual({ items: [] });
  expect(pageOf([], 1)).toEqual({ items: [] });
});
