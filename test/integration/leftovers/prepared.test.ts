import { afterAll, beforeAll, expect, test } from 'vitest';
import { startCluster, type SandboxCluster } from '../../../sandbox/index.js';
import { withClient } from '../../../sandbox/postgres/query.js';
import type { Finding } from '../../../src/activities/leftovers/finding.js';
import { flavour } from '../../support/stage.js';
import { asScaler, find } from './support.js';

let cluster: SandboxCluster;
beforeAll(async () => {
  // Citus's daemon would finish them by itself, as it does each minute.
  cluster = await startCluster({ workers: 2, flavour, settings: { 'citus.recover_2pc_interval': '-1' } });
});
afterAll(() => cluster.stop());

const findings = async (): Promise<Finding[]> => (await find(cluster)).leftovers;

test('prepared transactions older than a minute are for Citus to finish; those of a node that is gone are for a person', async () => {
  const [worker] = cluster.workers;
  if (!worker) throw new Error('no worker');
  for (const id of ['citus_0_4711_1_1', 'citus_77_4711_1_1', 'of_somebody'])
    await withClient(worker.login, async (client) => {
      await client.query('set citus.enable_ddl_propagation = off');
      await client.query('begin');
      await client.query(`create table t_${id} (i int)`);
      await client.query(`prepare transaction '${id}'`);
    });
  expect(await findings()).toEqual([]);
  await expect.poll(async () => (await findings()).length, { timeout: 90_000, interval: 2_000 }).toBe(2);
  const found = await findings();
  expect(found.map(({ kind, node, name, remove }) => [kind, node, name, remove !== undefined])).toEqual([
    ['prepared transaction', worker.address, 'citus_0_4711_1_1', true],
    ['prepared transaction', worker.address, 'citus_77_4711_1_1', false],
  ]);
  await asScaler(cluster, async (db) => {
    for (const { remove } of found) await remove?.(db);
  });
  // Nothing has recorded that it was to be committed.
  expect(await worker.query('select gid from pg_prepared_xacts order by 1')).toEqual([
    { gid: 'citus_77_4711_1_1' },
    { gid: 'of_somebody' },
  ]);
}, 120_000);
