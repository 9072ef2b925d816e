import { afterAll, beforeAll, expect, test } from 'vitest';
import { findFlavour, type SandboxCluster } from '../../../sandbox/index.js';
import { runPreflight } from '../../../src/activities/preflight/run-preflight.js';
import { acceptableChecks, checkFacts, checkIds } from '../../../src/contract/index.js';
import { flavour } from '../../support/stage.js';
import { configOf } from '../connect/support.js';
import {
  asActivity,
  checkOf,
  failing,
  preflightOf,
  request,
  startWithOrders,
  type Wishes,
} from './support.js';

const isReal = findFlavour(flavour).flavour === 'citus';
let cluster: SandboxCluster;
beforeAll(async () => {
  cluster = await startWithOrders();
});
afterAll(() => cluster.stop());

const preflight = (...wishes: Wishes) => preflightOf(cluster, ...wishes);

test('a healthy cluster passes, every check with its evidence, all of them known', async () => {
  const { checks, before } = await asActivity(() => runPreflight(configOf(cluster), request({ nodes: [] })));
  expect(failing(checks)).toEqual([]);
  expect(checks.length).toBeGreaterThan(15);
  expect(checks.every(({ evidence }) => evidence.length > 0)).toBe(true);
  const ids = checks.map(({ id }) => id);
  expect(ids.filter((id) => !checkIds.includes(id))).toEqual([]);
  expect(ids.filter((id) => checkFacts(id).of?.includes('scaleOut') === false)).toEqual([]);
  expect(before?.workers).toHaveLength(2);
  expect(before?.movableShards).toBe(4);
});

test('more workers than there are need someone who starts them', async () => {
  expect(failing(await preflight({ add: 1 }))).toEqual(['blocker provisioner']);
  expect(failing(await preflight({ to: 2 }))).toEqual([]);
});

test('a table that online moves refuse is named, by the mode that was asked for', async () => {
  await cluster.query('CREATE TABLE notes (id bigint)');
  await cluster.query(
    `SELECT create_distributed_table('notes', 'id', shard_count := 2, colocate_with := 'none')`,
  );
  try {
    const { severity, ok, evidence } = checkOf(await preflight(), 'replica-identity');
    expect({ severity, ok }).toEqual({ severity: 'info', ok: false });
    expect(evidence).toBe('moved with their writes blocked: public.notes (has no primary key)');
    expect(checkOf(await preflight({}, { transferMode: 'force_logical' }), 'replica-identity').severity).toBe(
      'warning',
    );
    expect(checkOf(await preflight({}, { transferMode: 'block_writes' }), 'replica-identity').ok).toBe(true);
    expect(failing(await preflight({ nodes: [], rebalance: false }))).toEqual([]);
  } finally {
    await cluster.query('DROP TABLE notes');
  }
});

test('an identity that only looks like one is none, however the table is distributed', async () => {
  const tables: (readonly [definition: string, how: string, why: string])[] = [
    ['id bigint primary key deferrable', 'hash', 'has a DEFERRABLE primary key'],
    ['id bigint', 'append', 'has no primary key'],
    ['id bigint primary key', 'append', ''],
    // The stand-in can't drop an index of a distributed table.
    ...(isReal
      ? ([['id bigint not null', 'hash', 'has lost the index of its replica identity']] as const)
      : []),
    ['id bigint primary key', 'hash', 'has REPLICA IDENTITY NOTHING'],
  ];
  try {
    for (const [index, [definition, how, why]] of tables.entries()) {
      await cluster.query(`CREATE TABLE t${index} (${definition})`);
      if (why.includes('lost')) {
        await cluster.query(`CREATE UNIQUE INDEX i${index} ON t${index} (id)`);
        await cluster.query(`ALTER TABLE t${index} REPLICA IDENTITY USING INDEX i${index}`);
      }
      await cluster.query(`SELECT create_distributed_table('t${index}', 'id', '${how}')`);
      if (why.includes('NOTHING')) await cluster.query(`ALTER TABLE t${index} REPLICA IDENTITY NOTHING`);
      if (why.includes('lost')) await cluster.query(`DROP INDEX i${index}`);
    }
    const { evidence } = checkOf(await preflight(), 'replica-identity');
    for (const [index, [, , why]] of tables.entries())
      if (why === '') expect(evidence).not.toContain(`t${index}`);
      else expect(evidence).toContain(`public.t${index} (${why})`);
  } finally {
    for (const index of tables.keys()) await cluster.query(`DROP TABLE IF EXISTS t${index}`);
  }
});

test('what nothing can do without is not acceptable', () => {
  const needed = [
    'coordinator-reachable',
    'is-coordinator',
    'new-node-reachable',
    'new-node-extension',
    'foreign-job',
  ] as const;
  for (const id of needed) expect(acceptableChecks).not.toContain(id);
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

test('a server without what moves need is named with its figures', async () => {
  const few = checkOf(await preflight({}, { parallelMoves: 64 }), 'replication-slots');
  expect(few).toMatchObject({ severity: 'blocker', ok: false });
  expect(few.evidence).toMatch(/127\.0\.0\.1:\d+: \d+ of \d+ replication slots free/);
});
