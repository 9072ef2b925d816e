import { afterAll, beforeAll, expect, test } from 'vitest';
import { findFlavour } from '../../../sandbox/flavour.js';
import { startCluster, withClient, type SandboxCluster, type SandboxNode } from '../../../sandbox/index.js';
import { runPreflight } from '../../../src/activities/preflight/run-preflight.js';
import { blocks, type Check } from '../../../src/contract/index.js';
import { follow } from '../../support/follow-remedy.js';
import { flavour } from '../../support/stage.js';
import { configOf } from '../connect/support.js';
import { asActivity, checkOf, request } from '../preflight/support.js';

let cluster: SandboxCluster;
let worker: SandboxNode;
let clone: SandboxNode;
beforeAll(async () => {
  cluster = await startCluster({ workers: 2, flavour });
  const [first] = cluster.workers;
  if (!first) throw new Error('no worker');
  worker = first;
  clone = await cluster.standbyOf(worker);
});
afterAll(() => cluster.stop());

const look = async (more: object = {}): Promise<Check[]> => {
  const input = { node: worker.address, with: clone.address };
  const config = configOf(cluster, { allowedNodes: ['127.0.0.1:*'], ...more });
  const { checks } = await asActivity(() => runPreflight(config, request(input, { type: 'replaceWorker' })));
  return checks;
};

test('a standby at which nobody allowed to look is refused', async () => {
  expect((await look()).filter(blocks)).toEqual([]);
  const strange = await look({ allowedNodes: [worker.address] });
  expect(checkOf(strange, 'replacement')).toMatchObject({
    ok: false,
    evidence: expect.stringMatching(/no pattern of allowedNodes/) as string,
  });
});

test('one that lags far behind is refused until it has caught up', async () => {
  await clone.query('select pg_wal_replay_pause()');
  await worker.query(
    `select pg_logical_emit_message(false, 'x', repeat('x', 1000000)) from generate_series(1, 70)`,
  );
  expect(checkOf(await look(), 'replacement-lag')).toMatchObject({ ok: false, severity: 'blocker' });
  await clone.query('select pg_wal_replay_resume()');
  await expect.poll(async () => checkOf(await look(), 'replacement-lag').ok, { timeout: 20_000 }).toBe(true);
});

const lookToSplit = async (input: object): Promise<Check[]> => {
  const config = configOf(cluster, { allowedNodes: ['127.0.0.1:*'] });
  const asked = { nodes: [clone.address], method: 'clone', ...input };
  return (await asActivity(() => runPreflight(config, request(asked, { type: 'scaleOut' })))).checks;
};

// Shards of the stand-in are logged, whatever their table is.
const onCitus = test.runIf(findFlavour(flavour).flavour === 'citus');

onCitus('unlogged tables, which are empty on a standby, are refused, and the remedy mends it', async () => {
  await cluster.query('create unlogged table visits (id bigint primary key)');
  await cluster.query(`select create_distributed_table('visits', 'id')`);
  const refused = checkOf(await look(), 'replaced-unlogged');
  expect(refused).toMatchObject({
    severity: 'blocker',
    ok: false,
    evidence: expect.stringContaining('visits') as string,
  });
  await follow(cluster, refused.remedy?.text ?? '');
  expect(checkOf(await look(), 'replaced-unlogged').ok).toBe(true);
});

test('a Citus that can make no worker of a clone says so, and so does a standby of which that is not wanted', async () => {
  if (findFlavour(flavour).flavour !== 'citus') {
    const refused = checkOf(await lookToSplit({}), 'clone-version');
    expect(refused).toMatchObject({ severity: 'blocker', ok: false, remedy: { action: 'scaleOut' } });
    return;
  }
  expect(checkOf(await lookToSplit({}), 'clone-source')).toMatchObject({
    ok: true,
    evidence: expect.stringContaining(worker.address) as string,
  });
  expect((await lookToSplit({})).filter(blocks)).toEqual([]);
  const other = cluster.workers[1]?.address ?? '';
  expect(checkOf(await lookToSplit({ source: other }), 'replacement')).toMatchObject({
    ok: false,
    evidence: expect.stringContaining(`is no copy of ${other}`) as string,
  });
  const unknown = { source: 'db99:5432' };
  expect(checkOf(await lookToSplit(unknown), 'clone-source').evidence).toMatch(
    /db99:5432 is no active worker/,
  );
  expect(checkOf(await lookToSplit({ nodes: ['127.0.0.1:1'] }), 'clone-source').ok).toBe(false);

  await worker.query(
    `create subscription mine connection 'host=127.0.0.1 port=1' publication p with (connect = false, slot_name = none)`,
  );
  await worker.query(`update pg_subscription set subenabled = true where subname = 'mine'`);
  expect(checkOf(await lookToSplit({}), 'clone-copies')).toMatchObject({
    severity: 'blocker',
    evidence: expect.stringContaining('subscriptions mine') as string,
  });
  await worker.query(`update pg_subscription set subenabled = false where subname = 'mine'`);
  await worker.query('drop subscription mine');
  await worker.query(`set citus.enable_ddl_propagation = off; create table own_notes (id int)`);
  expect(checkOf(await lookToSplit({}), 'clone-copies')).toMatchObject({ ok: false, severity: 'warning' });
  await worker.query(`set citus.enable_ddl_propagation = off; drop table own_notes`);
  expect(checkOf(await lookToSplit({}), 'clone-copies').ok).toBe(true);

  await worker.query(`alter system set synchronous_standby_names = '*'`);
  await worker.query('select pg_reload_conf()');
  await expect
    .poll(async () => checkOf(await lookToSplit({}), 'clone-source').evidence, { timeout: 10_000 })
    .toMatch(/is sync of .*: Citus promotes no synchronous one/);
  await worker.query('alter system reset synchronous_standby_names');
  await worker.query('select pg_reload_conf()');
});

test('databases that live on the worker only are refused until they are gone', async () => {
  await worker.query('create database other');
  const login = { ...worker.login, database: 'other' };
  await withClient(login, (client) => client.query('create table mine (id int)'));
  expect(checkOf(await look(), 'replaced-databases')).toMatchObject({ ok: false, severity: 'blocker' });
  await worker.query('drop database other');
  expect((await look()).filter(blocks)).toEqual([]);
});

test('a dead worker is not replaced but taken out as one', async () => {
  await worker.kill();
  const refused = checkOf(await look(), 'replaced-worker');
  expect(refused).toMatchObject({
    ok: false,
    remedy: { action: 'emergencyRemoveWorker', arguments: { node: worker.address, standby: clone.address } },
  });
});
