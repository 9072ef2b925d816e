import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findFlavour, startCluster, withClient, type SandboxCluster } from '../../../sandbox/index.js';
import { createMeters } from '../../../src/activities/governor/meters.js';
import { withCoordinator } from '../../../src/citus/session/connect.js';
import type { GovernorConfig } from '../../../src/config/index.js';
import { configOf } from '../connect/support.js';
import { flavour, smallData } from '../../support/stage.js';

const ownLibraries = findFlavour(flavour).flavour === 'citus' ? ['citus'] : [];

let cluster: SandboxCluster;
beforeAll(async () => {
  cluster = await startCluster({
    workers: 2,
    flavour,
    settings: { shared_preload_libraries: [...ownLibraries, 'pg_stat_statements'].join() },
  });
  await smallData(cluster);
});
afterAll(() => cluster.stop());

type Limits = Omit<GovernorConfig, 'everySeconds'>;

/** What the meters of these limits read before something happens, and while it goes on; and what they can't read. */
async function readings(
  limits: Limits,
  meanwhile: () => Promise<unknown>,
): Promise<{ before: number | undefined; after: number | undefined; notes: string[] }> {
  const meters = createMeters({ ...limits, everySeconds: 1 }, Date.now());
  return withCoordinator(configOf(cluster), { applicationName: 'citus-scaler:governor' }, async (db) => {
    const read = async (): Promise<number | undefined> => (await meters.read(db, Date.now()))[0]?.value;
    const before = await read();
    await meanwhile();
    // What asks every node is read with each fifth sample.
    let after = await read();
    for (let sample = 0; sample < 5; sample += 1) {
      await sleep(100);
      after = Math.max(after ?? 0, (await read()) ?? 0);
    }
    return { before, after, notes: meters.takeNotes() };
  });
}

test('the longest statement is somebody else’s, not ours and not an old one', async () => {
  await withClient({ ...cluster.coordinator.login, database: cluster.database }, async (old) => {
    const slept = old.query('select pg_sleep(5)');
    await sleep(300);
    const { before, after } = await readings({ maxStatementSeconds: 1 }, () => sleep(700));
    expect([before, after]).toEqual([0, 0]);
    await slept;
  });
  const { after } = await readings({ maxStatementSeconds: 1 }, async () => {
    void cluster.query('select pg_sleep(2)');
    await sleep(700);
  });
  expect(after).toBeGreaterThan(0.5);
  expect(after).toBeLessThan(3);
});

test.skipIf(!existsSync('/proc/pressure/cpu'))('the CPU pressure rises when CPUs are short', async () => {
  const burners = Array.from({ length: 8 }, () => spawn(process.execPath, ['-e', 'for (;;);']));
  try {
    const { before, after, notes } = await readings({ maxCpuPressure: 60 }, () => sleep(2_000));
    expect(notes).toEqual([]);
    expect(before).toBeUndefined();
    expect(after).toBeGreaterThan(50);
    expect(after).toBeLessThanOrEqual(100);
  } finally {
    for (const burner of burners) burner.kill('SIGKILL');
  }
});

test.skipIf(!existsSync('/proc/pressure/cpu'))(
  'a worker that can’t be read is left out, and named once',
  async () => {
    const [worker] = cluster.workers;
    await worker?.stop();
    try {
      const { after, notes } = await readings({ maxCpuPressure: 60 }, () => sleep(200));
      expect(after).toBeGreaterThanOrEqual(0);
      expect(notes).toEqual([
        expect.stringContaining(`movement.governor.maxCpuPressure leaves out ${worker?.address ?? ''}:`),
      ]);
    } finally {
      await worker?.start();
    }
  },
);

test('the mean statement is that of others since the last sample; without the extension it is not used', async () => {
  const without = await readings({ maxMeanStatementMs: 10 }, () => Promise.resolve());
  expect(without.notes).toEqual([
    'movement.governor.maxMeanStatementMs is not used: the coordinator’s database has no extension pg_stat_statements',
  ]);
  await cluster.query('create extension pg_stat_statements');
  const { before, after } = await readings({ maxMeanStatementMs: 10 }, () =>
    cluster.query('select pg_sleep(0.5)'),
  );
  expect(before).toBeUndefined();
  expect(after).toBeGreaterThan(5);
});

test('the lag is what a slot in use on the coordinator is behind', async () => {
  await cluster.query('create publication lagging');
  const { coordinator, database } = cluster;
  const client = new pg.Client({
    ...coordinator.login,
    database,
    replication: 'database',
  } as pg.ClientConfig);
  client.on('error', () => undefined);
  await client.connect();
  await client.query('CREATE_REPLICATION_SLOT lagging TEMPORARY LOGICAL pgoutput');
  // It never says what it has received.
  client
    .query(`START_REPLICATION SLOT lagging LOGICAL 0/0 (proto_version '1', publication_names 'lagging')`)
    .catch(() => undefined);
  try {
    const { before, after } = await readings({ maxLag: 1_000_000 }, () =>
      cluster.query(
        `create table written as select repeat(md5(i::text), 30) as text from generate_series(1, 3000) i`,
      ),
    );
    expect(after).toBeGreaterThan(1_000_000);
    expect(before).toBeLessThan(1_000_000);
  } finally {
    await client.end().catch(() => undefined);
  }
});
