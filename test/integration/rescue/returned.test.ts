import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  findFlavour,
  startCluster,
  withClient,
  type SandboxCluster,
  type SandboxNode,
} from '../../../sandbox/index.js';
import { inspectHealth } from '../../../src/activities/inspect/health.js';
import { runPreflight } from '../../../src/activities/preflight/run-preflight.js';
import {
  salvageActivities,
  type BroughtTable,
  type SalvageActivities,
} from '../../../src/activities/salvage/activities.js';
import type { SalvagePlan } from '../../../src/activities/salvage/plan.js';
import { readSalvageTables } from '../../../src/activities/salvage/tables.js';
import { bringShard } from '../../../src/citus/salvage/bring-shard.js';
import { readReturned } from '../../../src/citus/salvage/returned-server.js';
import { alike } from '../../../src/citus/salvage/rows.js';
import { withCoordinator, withNode, type Db } from '../../../src/citus/session/connect.js';
import type { ClusterConfig } from '../../../src/config/index.js';
import type { OperationRequest } from '../../../src/contract/internal/request.js';
import { flavour } from '../../support/stage.js';
import { asActivity as asOperation, noLocks } from '../../support/activity-stage.js';
import { configOf } from '../connect/support.js';
import { asActivity, checkOf, failing, request } from '../preflight/support.js';
import { killAndGiveUp } from './support.js';

let cluster: SandboxCluster;
let back: SandboxNode;
let before: Record<string, string>;
/** Tenants of the dead worker, one that gets on it after it came back, one that is written to through it. */
let lostTenants: number[];
let writtenThere: number;
let passed: number | undefined;

/** One of each kind that differs: keys, none, identity and generated columns, partitions, one shard, columnar. */
const tables = [
  `create extension if not exists citus_columnar`,
  `create table tenants (id bigint primary key, name text)`,
  `create table orders (tenant bigint references tenants, id bigint, note text, primary key (tenant, id))`,
  `select create_distributed_table('tenants', 'id', shard_count => 6)`,
  `select create_distributed_table('orders', 'tenant', colocate_with => 'tenants')`,
  `create table logs (device bigint, body json)`,
  `select create_distributed_table('logs', 'device', colocate_with => 'none', shard_count => 6)`,
  `create table "Kinds" (id bigint primary key, feeling text default 'x', twice bigint generated always as (id * 2) stored, nth bigint generated always as identity, at timestamptz, raw bytea, "n th" numeric)`,
  `select create_distributed_table('"Kinds"', 'id', colocate_with => 'none', shard_count => 6)`,
  `create table history (id bigint, at date, primary key (id, at)) partition by range (at)`,
  `create table history_old partition of history for values from ('2020-01-01') to ('2026-01-01')`,
  `create table history_rest partition of history default`,
  `select create_distributed_table('history', 'id', colocate_with => 'none', shard_count => 6)`,
  `create table columns (id bigint, body text) using columnar`,
  `select create_distributed_table('columns', 'id', colocate_with => 'none', shard_count => 6)`,
  `create table plans (id int primary key)`,
  `select create_reference_table('plans')`,
  `create table queue (id bigint, body text)`,
  `select create_distributed_table('queue', 'id', 'append')`,
  `insert into logs select i % 40, json_build_object('i', i % 7) from generate_series(1, 400) i`,
  `insert into "Kinds" (id, at, raw, "n th") select i, timestamptz '2026-01-01 12:00:00.123456+02' + i * interval '1 s', decode('01ff', 'hex'), i / 3.0 from generate_series(1, 300) i`,
  `insert into history select i, date '2025-12-01' + (i % 60) from generate_series(1, 300) i`,
  `insert into columns select i, 'c' from generate_series(1, 300) i`,
  `insert into tenants select i, 'tenant ' || i from generate_series(1, 300) i`,
  `insert into orders select i % 300 + 1, i, 'note ' || i from generate_series(1, 900) i`,
];

/** Rows and a checksum of each table that doesn't depend on their order. */
async function prints(): Promise<Record<string, string>> {
  const print: Record<string, string> = {};
  for (const table of ['tenants', 'orders', 'logs', '"Kinds"', 'history', 'columns']) {
    const [row] = await cluster.query<{ print: string }>(
      `select count(*) || ' ' || coalesce(sum(hashtext(t::text)), 0) as print from ${table} t`,
    );
    print[table] = row?.print ?? '';
  }
  return print;
}

// The stand-in's workers have no copy of the metadata by which they would write into the cluster.
describe.runIf(findFlavour(flavour).flavour === 'citus')('a worker that was given up and came back', () => {
  beforeAll(async () => {
    cluster = await startCluster({ workers: 3, flavour });
    for (const statement of tables) await cluster.query(statement);
    const [first] = cluster.workers;
    if (!first) throw new Error('no worker');
    back = first;
    before = await prints();
    lostTenants = (
      await back.query<{ id: number }>(
        `select t.id::int from generate_series(1, 300) t(id) join pg_dist_placement p
           on p.shardid = get_shard_id_for_distribution_column('tenants', t.id::bigint) join pg_dist_local_group g using (groupid) order by 1`,
      )
    ).map(({ id }) => id);
    [writtenThere = 0] = (
      await back.query<{ id: number }>(
        `select t.id::int from generate_series(1000, 2000) t(id) join pg_dist_placement p
           on p.shardid = get_shard_id_for_distribution_column('tenants', t.id::bigint) join pg_dist_local_group g using (groupid) limit 1`,
      )
    ).map(({ id }) => id);
    await killAndGiveUp(cluster, back);
    await back.start();
  });
  afterAll(() => cluster.stop());

  test('writes into the cluster, and health says so', async () => {
    const [elsewhere] = await cluster.query<{ id: number }>(
      `select id::int from tenants order by id limit 1`,
    );
    passed = elsewhere?.id;
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
    expect(check.evidence).toMatch(/was a worker before, node group \d+: .* holds \d+ shards/);
  });

  const config = (): ClusterConfig => configOf(cluster, { allowedNodes: ['127.0.0.1:*', 'localhost:*'] });
  const inOperation = <T>(work: (activities: SalvageActivities) => Promise<T>): Promise<T> =>
    asOperation({ clusters: [config()] }, (context) => work(salvageActivities(context)));
  const input = (more: object = {}): { request: OperationRequest<'salvageWorker'> } => ({
    request: {
      cluster: 'demo',
      lockId: 'lock',
      input: { cluster: 'demo', node: back.address, ...more },
    } as unknown as OperationRequest<'salvageWorker'>,
  });
  const planned = (more: object = {}) => inOperation((activities) => activities.planSalvage(input(more)));
  const bring = async (relation: string, { server }: SalvagePlan): Promise<BroughtTable> =>
    inOperation((activities) =>
      activities.bringTable({
        cluster: 'demo',
        lockId: 'lock',
        node: back.address,
        server,
        relation,
        named: [],
      }),
    );

  test('is compared row by row before anything is changed', async () => {
    // Since the loss: a row of a lost key with another name, one written to the server itself.
    await cluster.query(`insert into tenants values ($1, 'newer')`, [lostTenants[0]]);
    await back.query(`insert into tenants values ($1, 'written there')`, [writtenThere]);
    const whole = await planned();
    const { plan, relations, checks } = whole;
    await expect(bring('public.tenants', whole)).rejects.toThrow(/is not fenced any more/);
    const of = (name: string) => plan.salvage?.tables.find(({ table }) => table === name);
    expect(plan.salvage).toMatchObject({ fenced: false, conflicts: 1 });
    expect(of('tenants')).toMatchObject({ missing: lostTenants.length, conflicts: 1 });
    expect(of('logs')?.missing).toBe(of('logs')?.rows);
    expect(of('plans')?.why).toMatch(/reference table/);
    expect(relations.indexOf('public.tenants')).toBeLessThan(relations.indexOf('public.orders'));
    expect(relations).not.toContain('public.plans');
    expect(checks[0]?.evidence).toMatch(/logs: without a key a row counts as there/);
    expect((await planned({ tables: ['tenants', 'nothing'] })).notes).toEqual([
      'the server holds nothing of a table nothing',
    ]);
  });

  test('is fenced: what is written through it reaches nobody; no node ever is', async () => {
    const plan = await planned();
    const fenceIt = (node: string): Promise<void> =>
      inOperation((activities) =>
        activities.fenceReturned({ cluster: 'demo', lockId: 'lock', node, server: plan.server }),
      );
    const other = cluster.workers[1]?.address ?? '';
    await expect(fenceIt(other)).rejects.toThrow(/is a node of this cluster: nothing more was changed/);
    await expect(fenceIt(other.replace('127.0.0.1', 'localhost'))).rejects.toThrow(
      /itself under another name/,
    );
    await fenceIt(back.address);
    await fenceIt(back.address);
    await expect(back.query(`update tenants set name = 'past'`)).rejects.toThrow(/no nodes in that group/);
    const { checks } = await asActivity(() =>
      runPreflight(config(), request({ node: back.address }, { type: 'salvageWorker' })),
    );
    expect(checkOf(checks, 'salvage-server')).toMatchObject({ ok: true });
    expect(checkOf(checks, 'salvage-server').evidence).toMatch(/and is fenced$/);
  });

  test('gives its rows back, newer ones stay, and what was brought once isn’t brought again', async () => {
    const plan = await planned();
    // The first attempt dies after its second shard's transaction is committed, and before that is noted.
    let commits = 0;
    const dying = (db: Db): Db => ({
      ...db,
      query: async <Row>(text: string, params?: unknown[]) => {
        if (text.startsWith('UPDATE citus_scaler_salvage.shards') && (commits += 1) === 2)
          throw new Error('killed');
        return db.query<Row>(text, params);
      },
    });
    await expect(
      asActivity(() =>
        withCoordinator(config(), { applicationName: 'test' }, (here) =>
          withNode(config(), back.address, { applicationName: 'test' }, async (there) => {
            await alike(here);
            await alike(there);
            const held = (await readReturned(there)).tables;
            const table = (await readSalvageTables(here, held)).find((each) => each.table === 'logs');
            for (const shard of table?.shards ?? [])
              await bringShard(here, dying(there), shard, () => Promise.resolve());
          }),
        ),
      ),
    ).rejects.toThrow('killed');
    for (const relation of plan.relations) expect((await bring(relation, plan)).left).toEqual([]);
    const after = await prints();
    expect(Object.keys(after).filter((name) => after[name] !== before[name])).toEqual(['tenants']);
    const names = await cluster.query<{ id: number; name: string }>(
      `select id::int, name from tenants where name !~ '^tenant ' order by 1`,
    );
    expect(names).toEqual(
      [
        { id: passed, name: 'written past' },
        { id: lostTenants[0], name: 'newer' },
        { id: writtenThere, name: 'written there' },
      ].sort((a, b) => (a.id ?? 0) - (b.id ?? 0)),
    );
    // Deleted since: it stays deleted, though it is still there.
    await cluster.query('delete from orders where tenant = $1', [lostTenants[1]]);
    await cluster.query('delete from logs');
    const again = await planned();
    expect(again.plan.salvage).toMatchObject({ missing: 0, conflicts: 0, fenced: true });
    expect(await bring('public.logs', again)).toMatchObject({ left: [] });
    expect(await cluster.query('select from logs')).toEqual([]);
  });

  test('is emptied and taken in again as the remedy says', async () => {
    const look = () => asActivity(() => runPreflight(config(), request({ nodes: [back.address] })));
    const check = checkOf((await look()).checks, 'new-node-given-up');
    expect(check.remedy).toMatchObject({ action: 'salvageWorker', arguments: { node: back.address } });
    const statements = check.remedy?.text.match(/(DROP|CREATE) [^;]+;/g) ?? [];
    for (const [nth, statement] of statements.entries())
      await withClient({ ...back.login, ...(nth < 2 && { database: 'postgres' }) }, (client) =>
        client.query(statement),
      );
    expect(failing((await look()).checks).filter((name) => name.startsWith('blocker'))).toEqual([]);
  });
});
