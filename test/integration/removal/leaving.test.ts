import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { startCluster, withClient, type SandboxCluster, type SandboxNode } from '../../../sandbox/index.js';
import { deregister, warningAbout } from '../../../src/activities/nodes/deregister.js';
import { runPreflight } from '../../../src/activities/preflight/run-preflight.js';
import { tracesOf } from '../../../src/activities/verify/removal-traces.js';
import { withCoordinator, type Db } from '../../../src/citus/session/connect.js';
import { readNodes } from '../../../src/citus/nodes/nodes.js';
import { byHand, putOff } from '../../support/make-leftovers.js';
import { flavour } from '../../support/stage.js';
import { configOf } from '../connect/support.js';
import { asActivity, checkOf, request } from '../preflight/support.js';

interface Row {
  node: string;
  nodeId: number;
  groupId: number;
}

let cluster: SandboxCluster;
let stays: SandboxNode;
let leaves: SandboxNode;
let row: Row;
beforeAll(async () => {
  // Citus's daemon would finish prepared transactions by itself, as it does each minute.
  cluster = await startCluster({ workers: 1, flavour, settings: { 'citus.recover_2pc_interval': '-1' } });
  const [first] = cluster.workers;
  if (!first) throw new Error('no worker');
  stays = first;
  leaves = await cluster.addNode();
  row = await register();
});
afterAll(() => cluster.stop());
afterEach(async () => {
  row = await register();
});

const asScaler = <T>(work: (db: Db) => Promise<T>): Promise<T> =>
  withCoordinator(configOf(cluster), { applicationName: 'test' }, work);

/** Registers the node that leaves, or finds it registered. */
async function register(): Promise<Row> {
  await cluster.query('select citus_add_node($1, $2)', [leaves.host, leaves.port]);
  const found = await registration();
  if (!found) throw new Error('not registered');
  return found;
}

async function registration(): Promise<Row | undefined> {
  const nodes = await asScaler(readNodes);
  return nodes.find(({ node }) => node === leaves.address);
}

const takeOut = (db: Db, since = Date.now(), mayAct = () => Promise.resolve()): Promise<void> =>
  deregister(db, row, since, mayAct);

/** On the node that stays, as one that the other began; committed there or not. */
async function prepare(gid: string, committed: boolean): Promise<void> {
  await withClient(stays.login, async (client) => {
    await client.query('set citus.enable_ddl_propagation = off');
    await client.query('begin');
    await client.query(`create table of_${gid} (i int)`);
    await client.query(`prepare transaction '${gid}'`);
  });
  const [there] = await cluster.query<{ groupid: number }>(
    'select groupid from pg_dist_node where nodeport = $1',
    [stays.port],
  );
  if (committed)
    await byHand(
      leaves,
      `insert into pg_dist_transaction (groupid, gid) values (${there?.groupid}, '${gid}')`,
    );
}

const prepared = (): Promise<unknown[]> => stays.query('select gid from pg_prepared_xacts');

/** A session whose recovery reaches nobody, as that of a role that is no superuser. */
const withoutRecovery = (db: Db): Db => ({
  ...db,
  query: (text, params) =>
    JSON.stringify(params ?? []).includes('recover_prepared_transactions')
      ? Promise.resolve([])
      : db.query(text, params),
});

test('what the leaving worker has committed and left prepared elsewhere is finished before it goes', async () => {
  const gid = `citus_${row.groupId}_4711_1_1`;
  await prepare(gid, true);
  await asScaler((db) => takeOut(db));
  expect(await registration()).toBeUndefined();
  expect(await prepared()).toEqual([]);
  expect(await stays.query(`select from pg_class where relname = 'of_${gid}'`)).toHaveLength(1);
});

test('as long as its recovery has not finished them it stays; after a while that is for a person', async () => {
  const gid = `citus_${row.groupId}_4712_1_1`;
  await prepare(gid, true);
  await asScaler(async (session) => {
    const db = withoutRecovery(session);
    await expect(takeOut(db, 0)).rejects.toMatchObject({
      type: 'NeedsPerson',
      message: expect.stringContaining(`only ${leaves.address} knows`) as string,
      details: [{ evidence: [`${stays.address}: ${gid}`] }],
    });
    const leaving = takeOut(db);
    await new Promise((resolve) => setTimeout(resolve, 4_000));
    expect(await registration()).toBeDefined();
    await stays.query(`commit prepared '${gid}'`);
    await leaving;
  });
  expect(await registration()).toBeUndefined();
});

test('one that is prepared when it is out keeps its machine, and says who knows', async () => {
  const gid = `citus_${row.groupId}_4713_1_1`;
  await prepare(gid, true);
  await cluster.query('select citus_remove_node($1, $2)', [leaves.host, leaves.port]);
  await asScaler(async (db) => {
    await expect(warningAbout(db, row)).rejects.toMatchObject({
      type: 'NeedsPerson',
      details: [
        {
          evidence: [`${stays.address}: ${gid}`],
          remedies: expect.arrayContaining([
            expect.objectContaining({
              action: 'retry',
              text: expect.stringContaining(`pg_dist_transaction on ${leaves.address}`) as string,
            }),
          ]) as object[],
        },
      ],
    });
    await stays.query(`commit prepared '${gid}'`);
    await warningAbout(db, row);
  });
});

test('a twin that was faster has done it', async () => {
  await withClient(cluster.coordinator.login, async (twin) => {
    await twin.query('begin');
    await twin.query('select stop_metadata_sync_to_node($1, $2)', [leaves.host, leaves.port]);
    await twin.query('select citus_remove_node($1, $2)', [leaves.host, leaves.port]);
    const leaving = asScaler((db) => takeOut(db));
    await waitsForLock();
    await twin.query('commit');
    await leaving;
  });
  expect(await registration()).toBeUndefined();
});

async function waitsForLock(): Promise<void> {
  await expect
    .poll(
      () =>
        cluster.query(
          `select from pg_stat_activity where application_name = 'test' and wait_event_type = 'Lock'`,
        ),
      { timeout: 15_000 },
    )
    .toHaveLength(1);
}

test('who may not act any more when it comes to it leaves the worker registered', async () => {
  const lost = () => Promise.reject(new Error('the lock is lost'));
  await expect(asScaler((db) => takeOut(db, Date.now(), lost))).rejects.toThrow('the lock is lost');
  expect(await registration()).toEqual(row);
});

const traces = (): Promise<string[]> => asScaler(async (db) => tracesOf(db, await readNodes(db), row));

test('what is left of moves to or from a removed node is told, each with what removes it', async () => {
  await asScaler((db) => takeOut(db));
  expect(await traces()).toEqual([]);
  const { nodeId, groupId } = row;
  await byHand(
    stays,
    `create publication citus_shard_move_publication_${nodeId}_10_900`,
    `create publication citus_shard_move_publication_999_10_900`,
    `select pg_create_logical_replication_slot('citus_shard_move_slot_${nodeId}_10_900', 'pgoutput')`,
    'create role citus_shard_move_subscription_role_10_900 superuser login',
    `create subscription citus_shard_move_subscription_10_900 connection 'host=${leaves.host} port=${leaves.port}' publication p with (connect = false, slot_name = none, enabled = false)`,
  );
  await putOff(cluster, { name: 'public.t_102008', groupId });
  try {
    const told = await traces();
    expect(told.every((line) => line.endsWith('; a clean-up removes it'))).toBe(true);
    expect(told.map((line) => line.replace(/^left of moves: (.*); .*/, '$1'))).toEqual([
      `pg_dist_cleanup: public.t_102008 of the group of ${leaves.address}, which is gone`,
      `replication slot citus_shard_move_slot_${nodeId}_10_900 on ${stays.address}`,
      `publication citus_shard_move_publication_${nodeId}_10_900 on ${stays.address}`,
      `subscription citus_shard_move_subscription_10_900 on ${stays.address}`,
      `role citus_shard_move_subscription_role_10_900 on ${stays.address}`,
    ]);
  } finally {
    await cluster.query('delete from pg_dist_cleanup');
    await byHand(
      stays,
      `drop publication citus_shard_move_publication_${nodeId}_10_900, citus_shard_move_publication_999_10_900`,
      `select pg_drop_replication_slot('citus_shard_move_slot_${nodeId}_10_900')`,
      'drop subscription citus_shard_move_subscription_10_900',
      'drop role citus_shard_move_subscription_role_10_900',
    );
  }
});

test('as long as a node that stays is not in sync, or still counts it, one looks again', async () => {
  await asScaler((db) => takeOut(db));
  await asScaler(async (db) => {
    const nodes = await readNodes(db);
    const late = nodes.map((each) => ({ ...each, metadataSynced: each.node !== stays.address }));
    await expect(tracesOf(db, late, row)).rejects.toMatchObject({
      type: 'Passing',
      message: `the metadata of ${stays.address} is not in sync yet`,
    });
    const [known] = await stays.query<{ id: number }>(
      'select nodeid as id from pg_dist_node where groupid > 0',
    );
    await expect(tracesOf(db, nodes, { ...row, nodeId: known?.id ?? 0 })).rejects.toMatchObject({
      type: 'Passing',
      message: expect.stringContaining(`still counts ${leaves.address} as a node`) as string,
    });
  });
});

test('a worker with a registered standby is not taken out before it', async () => {
  const standby = await cluster.addNode();
  await cluster.query('select citus_add_secondary_node($1, $2, $1, $3)', [
    standby.host,
    standby.port,
    leaves.port,
  ]);
  const look = async () =>
    checkOf(
      (
        await asActivity(() =>
          runPreflight(configOf(cluster), request({ nodes: [leaves.address] }, { type: 'removeWorker' })),
        )
      ).checks,
      'leaving-standbys',
    );
  const check = await look();
  expect(check).toMatchObject({ severity: 'blocker', ok: false });
  expect(check.evidence).toContain(standby.address);
  expect(check.remedy?.text).toContain(`SELECT citus_remove_node('${standby.host}', ${standby.port})`);
  // Citus itself says nothing: the standby would keep the node group.
  await cluster.query('select citus_remove_node($1, $2)', [leaves.host, leaves.port]);
  expect(await cluster.query('select from pg_dist_node where groupid = $1', [row.groupId])).toHaveLength(1);
  await cluster.query('select citus_remove_node($1, $2)', [standby.host, standby.port]);
  row = await register();
  expect((await look()).ok).toBe(true);
});
