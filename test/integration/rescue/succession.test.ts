import type { QueryResultRow } from 'pg';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { findFlavour } from '../../../sandbox/flavour.js';
import { startCluster, withClient, type SandboxCluster, type SandboxNode } from '../../../sandbox/index.js';
import { rescuePlan } from '../../../src/activities/rescue/plan.js';
import { rescueActivities, type RescuePlan } from '../../../src/activities/rescue/activities.js';
import {
  successionActivities,
  type SuccessionActivities,
} from '../../../src/activities/rescue/succession/activities.js';
import { withCoordinator } from '../../../src/citus/session/connect.js';
import { demotedName, type Succession } from '../../../src/citus/nodes/point-at.js';
import type { Verification } from '../../../src/activities/verify/verification.js';
import type { Check, EmergencyRemoveWorkerInput, Rung } from '../../../src/contract/index.js';
import type { OperationRequest } from '../../../src/contract/internal/request.js';
import type { NodeSample } from '../../../src/contract/internal/sample.js';
import { asActivity } from '../../support/activity-stage.js';
import { follow } from '../../support/follow-remedy.js';
import { copyServer, type ServerCopy } from '../../support/copy-server.js';
import { fingerprint, flavour, smallData } from '../../support/stage.js';
import { configOf } from '../connect/support.js';

// The stand-in has no keys to reference tables, nor do its tables change on the workers.
const onCitus = test.runIf(findFlavour(flavour).flavour === 'citus');
let cluster: SandboxCluster;
/** Their standbys: the first one's is registered. */
let first: SandboxNode, firstStandby: SandboxNode, second: SandboxNode, secondStandby: SandboxNode;
let third: SandboxNode;
/** A server restored from a backup of the third one, which was made before the last rows came. */
let backup: ServerCopy;
let afterBackup: number;
let before: Record<string, string>;
beforeAll(async () => {
  cluster = await startCluster({ workers: 3, flavour });
  await smallData(cluster);
  await cluster.query('alter table orders add column plan int');
  await cluster.query('create unlogged table scratch (id bigint)');
  await cluster.query(`select create_distributed_table('scratch', 'id', colocate_with => 'none')`);
  const [one, two, three] = cluster.workers;
  if (!one || !two || !three) throw new Error('no workers');
  [first, second, third] = [one, two, three];
  await cluster.query('alter table orders add foreign key (plan) references plans');
  backup = await copyServer(cluster, third);
  await cluster.query(`insert into plans values (3, 'made after the backup')`);
  await cluster.query(`update plans set name = 'renamed' where id = 1`);
  firstStandby = await cluster.standbyOf(first);
  secondStandby = await cluster.standbyOf(second);
  await cluster.query('select citus_add_secondary_node($1, $2, $3, $4)', [
    firstStandby.host,
    firstStandby.port,
    first.host,
    first.port,
  ]);
  await cluster.query(`insert into orders select i % 200 + 1, i, 'late' from generate_series(5000, 5199) i`);
  before = await fingerprint(cluster);
  const [late] = await cluster.query<{ n: number }>(
    `select count(*)::int as n from orders where note = 'late'
        and get_shard_id_for_distribution_column('orders', tenant_id) in (
            select shardid from pg_dist_placement join pg_dist_node using (groupid) where nodeport = $1)`,
    [third.port],
  );
  afterBackup = late?.n ?? 0;
  for (const [primary, standby] of [
    [first, firstStandby],
    [second, secondStandby],
  ] as const)
    await vi.waitFor(async () => expect(await behind(primary, standby)).toBe(0), 20_000);
});
afterAll(async () => {
  await backup.stop();
  await cluster.stop();
});

async function behind(primary: SandboxNode, standby: SandboxNode): Promise<number> {
  const [here] = await primary.query<{ at: string }>('select pg_current_wal_lsn()::text as at');
  const [there] = await standby.query<{ bytes: number }>(
    'select greatest(0, pg_wal_lsn_diff($1, pg_last_wal_replay_lsn()))::float8 as bytes',
    [here?.at],
  );
  return there?.bytes ?? Number.NaN;
}

/** `127.0.0.2:…` is one that nobody allowed. */
const stage = () => ({ clusters: [configOf(cluster, { allowedNodes: ['127.0.0.1:*'] })] });

const requestOf = (input: Partial<EmergencyRemoveWorkerInput>) =>
  ({
    type: 'emergencyRemoveWorker',
    cluster: 'demo',
    lockId: 'lock',
    input: { cluster: 'demo', node: first.address, ...input },
  }) as OperationRequest<'emergencyRemoveWorker'>;

function planOf(input: Partial<EmergencyRemoveWorkerInput>): Promise<RescuePlan> {
  const request = requestOf(input);
  return asActivity(stage(), (context) => rescueActivities(context).planRescue({ request }));
}

/** A plan that knows what the second worker was like while it was well. */
function planWith(
  known: Partial<NodeSample>,
  input: Partial<EmergencyRemoveWorkerInput>,
): Promise<RescuePlan> {
  const takenAt = '2026-12-01T00:00:00.000Z';
  const node = { node: second.address, groupId: 2, takenAt, standbys: [], tables: [], ...known };
  const [config] = stage().clusters;
  if (!config) throw new Error('no config');
  return asActivity(stage(), () =>
    withCoordinator(config, { applicationName: 'test' }, (db) =>
      rescuePlan(db, config, requestOf({ node: second.address, ...input }), {
        takenAt,
        nodes: [node],
        leftOut: 0,
      }),
    ),
  );
}

const rungOf = ({ plan }: RescuePlan, id: Rung['id']): Rung | undefined =>
  plan.rungs?.find((rung) => rung.id === id);

const activity = (name: keyof SuccessionActivities, succession: Succession): Promise<unknown> =>
  asActivity<unknown>(stage(), (context) =>
    successionActivities(context)[name]({ cluster: 'demo', lockId: 'lock', succession }),
  );

function successionIn({ succession }: RescuePlan): Succession {
  if (!succession) throw new Error('nobody takes the place');
  return succession;
}

/** As somebody does who changes a shard by hand. */
async function onBackup<Row extends QueryResultRow>(text: string): Promise<Row[]> {
  const login = { ...cluster.coordinator.login, port: Number(backup.address.split(':')[1]) };
  return withClient(login, async (client) => {
    await client.query('set citus.enable_ddl_propagation = off');
    await client.query('set citus.enable_manual_changes_to_shards = on');
    return (await client.query<Row>(text)).rows;
  });
}

const nodes = (): Promise<{ port: number; role: string }[]> =>
  cluster.query('select nodeport as port, noderole::text as role from pg_dist_node order by nodeid');

/** What fails while any worker is away: whole tables, a reference table's rows, a change of a table. */
async function everythingWorks(): Promise<void> {
  expect(await fingerprint(cluster)).toEqual(before);
  await cluster.query(`insert into plans values (77, 'x')`);
  await cluster.query('delete from plans where id = 77');
  await cluster.query('alter table tenants add column extra int');
  await cluster.query('alter table tenants drop column extra');
  // Through every worker, too.
  for (const { node } of await cluster.query<{ node: string }>(
    `select nodeport::text as node from pg_dist_node where groupid > 0 and noderole = 'primary'`,
  )) {
    const worker = cluster.workers.find(({ port }) => String(port) === node);
    const [row] = (await worker?.query<{ n: number }>('select count(*)::int as n from orders')) ?? [];
    expect(`${row?.n}`).toBe(before['orders']?.split(':')[0]);
  }
}

onCitus(
  'a server that can’t take the place of a dead worker is told why, and nothing is changed',
  async () => {
    await first.kill();
    const registered = await nodes();
    const why = async (standby: string): Promise<string> => {
      const plan = await planOf({ standby });
      expect(plan.succession).toBeUndefined();
      expect(rungOf(plan, 'standby')).toMatchObject({ possible: false, chosen: false });
      return rungOf(plan, 'standby')?.why ?? '';
    };
    expect(await why(secondStandby.address)).toMatch(
      /given\): it holds the shards of node group 2, not of 1/,
    );
    expect(await why(third.address)).toMatch(/holds the shards of node group 3/);
    expect(await why(cluster.coordinator.address)).toMatch(/holds the shards of node group 0/);
    expect(await why('127.0.0.2:5432')).toMatch(/no pattern of allowedNodes/);
    expect(await why('127.0.0.1:1')).toMatch(/doesn't answer: .*ECONNREFUSED/);
    const asBackup = await planOf({ restored: firstStandby.address });
    expect(rungOf(asBackup, 'restored')?.why).toMatch(/is in recovery: a standby is named as such/);
    expect(await nodes()).toEqual(registered);
    expect(await firstStandby.query('select pg_is_in_recovery() as standby')).toEqual([{ standby: true }]);
  },
);

onCitus('a standby that has heard nothing for too long blocks until somebody allows that', async () => {
  const late = await planOf({ maxStandbyLag: '0s' });
  const check = late.checks.find(({ id }) => id === 'standby-lag');
  expect(check).toMatchObject({ severity: 'blocker', ok: false });
  expect(check?.evidence).toMatch(
    /got something from .* last at 20\d\d-.*Z, \d+ s ago\. What .* wrote after/,
  );
  // Its remedy, followed.
  const followed = await planOf(check?.remedy?.arguments ?? {});
  expect(followed.checks.find(({ id }) => id === 'standby-lag')?.ok).toBe(true);
  const accepted = await planOf({ maxStandbyLag: '0s', acceptChecks: ['standby-lag'], reason: 'a test' });
  expect(accepted.checks.find(({ id }) => id === 'standby-lag')).toMatchObject({ severity: 'warning' });
  expect(rungOf(accepted, 'standby')).toMatchObject({ chosen: true, losesData: true });
});

onCitus('a standby that would wait for standbys of its own blocks, and its remedy mends that', async () => {
  const block = async (): Promise<Check | undefined> =>
    (await planOf({})).checks.find(({ id }) => id === 'synchronous-standbys');
  await firstStandby.query(`alter system set synchronous_standby_names = 'db1b'`);
  await firstStandby.query('select pg_reload_conf()');
  await vi.waitFor(
    async () => expect(await block()).toMatchObject({ severity: 'blocker', ok: false }),
    10_000,
  );
  await follow(cluster, (await block())?.remedy?.text ?? '');
  await vi.waitFor(async () => expect(await block()).toBeUndefined(), 10_000);
});

onCitus('a standby that Patroni runs is left to Patroni until somebody says otherwise', async () => {
  await withClient(firstStandby.login, async (client) => {
    await client.query(`set application_name = 'Patroni heartbeat'`);
    const check = (await planOf({})).checks.find(({ id }) => id === 'patroni-failover');
    expect(check).toMatchObject({ severity: 'blocker', ok: false });
    expect(check?.evidence).toMatch(/a session of Patroni heartbeat. It replaces .* by itself/);
    const accepted = await planOf({ acceptChecks: ['patroni-failover'], reason: 'it is paused' });
    expect(accepted.checks.find(({ id }) => id === 'patroni-failover')?.severity).toBe('warning');
  });
});

onCitus(
  'a registered standby is found and taken though the loss was accepted, and unlogged tables are told',
  async () => {
    const plan = await planOf({});
    expect(rungOf(plan, 'standby')).toMatchObject({
      possible: true,
      chosen: true,
      losesData: false,
      server: firstStandby.address,
    });
    expect(plan.plan).toMatchObject({ removedWorkers: [first.address], newWorkers: [firstStandby.address] });
    expect(plan.plan.loss).toBeUndefined();
    expect(plan.checks.find(({ id }) => id === 'unlogged-on-standby')?.evidence).toMatch(/: scratch$/);
    expect(rungOf(await planOf({ acceptDataLoss: 'anything' }), 'standby')?.chosen).toBe(true);
  },
);

onCitus(
  'an attempt that ends between the promotion and the switch is gone on with, and so is one after it',
  async () => {
    const succession = successionIn(await planOf({}));
    // Another's standby has the address by now.
    const to = secondStandby.address;
    for (const name of ['promoteStandby', 'takePlace'] as const)
      await expect(activity(name, { ...succession, to })).rejects.toMatchObject({ type: 'PlanChanged' });
    expect(await secondStandby.query('select pg_is_in_recovery() as standby')).toEqual([{ standby: true }]);
    await activity('promoteStandby', succession);
    expect(await firstStandby.query('select pg_is_in_recovery() as standby')).toEqual([{ standby: false }]);
    // The next run finds it promoted, and the next attempt of the same run, too.
    const next = await planOf({});
    expect(next.checks.find(({ id }) => id === 'standby-lag')?.evidence).toMatch(/is promoted already/);
    expect(successionIn(next)).toEqual(succession);
    await activity('promoteStandby', succession);
    // Two attempts at once: one does it, the other finds it done.
    await Promise.all([activity('takePlace', succession), activity('takePlace', succession)]);
    expect(
      await cluster.query('select nodename as name from pg_dist_node where noderole = $1', ['secondary']),
    ).toEqual([{ name: demotedName(first.address).split(':')[0] }]);
    const later = await planOf({});
    expect(later.plan.rungs).toBeUndefined();
    expect(successionIn(later)).toEqual(succession);
    await activity('takePlace', succession);
    await activity('settleSuccession', succession);
    await activity('settleSuccession', succession);
    const { detail } = (await activity('verifySuccession', succession)) as Verification;
    expect(detail).toMatch(
      new RegExp(`^${firstStandby.address} is in the place of ${first.address}, with \\d+ shards$`),
    );
    expect(await nodes()).toEqual([
      { port: cluster.coordinator.port, role: 'primary' },
      { port: firstStandby.port, role: 'primary' },
      { port: second.port, role: 'primary' },
      { port: third.port, role: 'primary' },
    ]);
    await everythingWorks();
  },
);

onCitus(
  'a standby that streamed when the worker was well is asked for before anything is given up',
  async () => {
    await second.kill();
    const standbys = [{ name: 'db2b', host: '10.0.0.9', behindBytes: 0 }];
    const { loss } = (await planWith({ standbys }, {})).plan;
    const acceptDataLoss = loss?.sentence ?? '';
    const plan = await planWith({ standbys }, { acceptDataLoss });
    expect(rungOf(plan, 'standby')?.why).toMatch(/^10\.0\.0\.9:\d+ \(sample\): it may not be connected to/);
    const check = plan.checks.find(({ id }) => id === 'known-standby');
    expect(check).toMatchObject({ severity: 'blocker', ok: false });
    expect(check?.evidence).toMatch(/and was not looked at: db2b at 10\.0\.0\.9, 2026-12-01/);
    const followed = await planWith({}, { ...check?.remedy?.arguments, standby: secondStandby.address });
    expect(rungOf(followed, 'standby')?.chosen).toBe(true);
    const other = await planWith({ systemIdentifier: '1' }, { standby: secondStandby.address });
    expect(rungOf(other, 'standby')?.why).toMatch(/its system identifier is -?\d+, that of .* was 1$/);
  },
);

onCitus(
  'a standby that nobody registered takes the place of a worker that was isolated meanwhile',
  async () => {
    await cluster.query('select stop_metadata_sync_to_node($1, $2)', [second.host, second.port]);
    const plan = await planOf({ node: second.address, standby: secondStandby.address });
    const succession = successionIn(plan);
    for (const name of ['promoteStandby', 'takePlace', 'settleSuccession'] as const)
      await activity(name, succession);
    await activity('verifySuccession', succession);
    await everythingWorks();
    const again = await planOf({ node: second.address, standby: secondStandby.address });
    expect(successionIn(again)).toEqual(succession);
  },
);

onCitus('while the old server answers again, nothing is pointed at another one', async () => {
  const succession = {
    ...successionIn(await planOf({ node: second.address, standby: secondStandby.address })),
  };
  const back = { nodeId: 4, groupId: 3, from: third.address, to: second.address };
  await expect(activity('takePlace', back)).rejects.toMatchObject({ type: 'PlanChanged' });
  await expect(activity('promoteStandby', { ...back, to: succession.to })).rejects.toMatchObject({
    message: expect.stringContaining('answers again') as string,
  });
});

onCitus('a restored server that was changed since is told why, and so is one that lacks shards', async () => {
  await third.kill();
  const [row] = await cluster.query<{ shard: string; nodeid: number }>(
    `select shard_name('orders', min(shardid)) as shard, min(nodeid) as nodeid
       from pg_dist_shard join pg_dist_placement using (shardid) join pg_dist_node using (groupid)
      where logicalrelid = 'orders'::regclass and nodeport = $1`,
    [third.port],
  );
  const shard = `public.${row?.shard ?? ''}`;
  const why = async (): Promise<string | undefined> => {
    const plan = await planOf({ node: third.address, restored: backup.address });
    expect(plan.succession).toBeUndefined();
    return rungOf(plan, 'restored')?.why;
  };
  await onBackup(`alter table ${shard} add column odd int`);
  expect(await why()).toMatch(new RegExp(`its ${shard} is not like public.orders_.*: \\+ column odd`));
  await onBackup(`alter table ${shard} drop column odd`);
  await onBackup(`alter table ${shard} rename to elsewhere`);
  expect(await why()).toMatch(new RegExp(`it lacks 1 of the shards that lie on .*: ${shard}$`));
  await onBackup(`alter table elsewhere rename to ${row?.shard ?? ''}`);
});

onCitus(
  'a restored server takes the place with the rows that it has, and reference tables as they are by now',
  async () => {
    const plan = await planOf({ node: third.address, restored: backup.address });
    expect(rungOf(plan, 'restored')).toMatchObject({ chosen: true, losesData: true, server: backup.address });
    expect(rungOf(plan, 'restored')?.why).toMatch(/older there get the present rows first: plans$/);
    const succession = successionIn(plan);
    const [{ shardid } = { shardid: 0 }] = await cluster.query<{ shardid: number }>(
      `select shardid::int from pg_dist_shard where logicalrelid = 'plans'::regclass`,
    );
    const keysThere = `select count(*)::int as n from pg_constraint where contype = 'f' and confrelid = 'public.plans_${shardid}'::regclass`;
    const [had] = await onBackup<{ n: number }>(keysThere);
    expect(had?.n).toBeGreaterThan(0);
    for (const name of [
      'alignReferenceTables',
      'alignReferenceTables',
      'takePlace',
      'alignReferenceTables',
    ] as const)
      await activity(name, succession);
    await activity('settleSuccession', succession);
    await activity('verifySuccession', succession);
    expect(await onBackup(keysThere)).toEqual([had]);
    expect(await onBackup(`select * from public.plans_${shardid} order by id`)).toEqual(
      await cluster.query('select * from plans order by id'),
    );
    const { plans, ...tables } = await fingerprint(cluster);
    expect(plans).toBe(before['plans']);
    // Just the rows that came after the backup are missing.
    const rows = (of: Record<string, string>): number => Number(of['orders']?.split(':')[0]);
    expect(afterBackup).toBeGreaterThan(0);
    expect(rows(before) - rows(tables)).toBe(afterBackup);
    expect(tables).toMatchObject({ tenants: before['tenants'], events: before['events'] });
    await cluster.query(`insert into plans values (78, 'x')`);
    await cluster.query('update orders set plan = 78 where tenant_id = 1');
  },
);
