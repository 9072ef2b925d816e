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
