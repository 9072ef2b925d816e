import { chmodSync, chownSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startCluster, type SandboxCluster, type SandboxNode } from '../../../sandbox/index.js';
import { readNodeSetting, reloadNodes } from '../../../src/citus/nodes/node-settings.js';
import { withCoordinator } from '../../../src/citus/session/connect.js';
import { settingActivities } from '../../../src/activities/settings/activities.js';
import { undoActivities } from '../../../src/activities/undo/activities.js';
import type { UndoResult } from '../../../src/activities/undo/undo-entry.js';
import { undoByHand, type SettingEntry, type UndoEntry } from '../../../src/contract/internal/undo.js';
import { asActivity, type ActivityStage } from '../../support/activity-stage.js';
import { flavour, marksOf, retryIntervals } from '../../support/stage.js';
import { configOf } from '../connect/support.js';

let cluster: SandboxCluster;
let first: SandboxNode;
beforeAll(async () => {
  cluster = await startCluster({ workers: 2, flavour });
  const [worker] = cluster.workers;
  if (!worker) throw new Error('a worker was wanted');
  first = worker;
});
afterAll(() => cluster.stop());

type How = Omit<ActivityStage, 'clusters'>;
const stage = (how: How = {}): ActivityStage => ({ clusters: [configOf(cluster)], ...how });

/** What an operation would lower on these nodes. */
async function planned(nodes = cluster.workers.map(({ address }) => address)): Promise<SettingEntry[]> {
  return (
    await asActivity(stage(), (context) =>
      settingActivities(context).planSettings({ cluster: 'demo', lockId: 'lock', nodes }),
    )
  ).entries;
}

function lower(entries: SettingEntry[], how?: How): Promise<{ notes: string[]; unchanged: string[] }> {
  return asActivity(stage(how), (context) =>
    settingActivities(context).lowerSettings({ cluster: 'demo', lockId: 'lock', entries }),
  );
}

/** Undoes entries in one call, as the operation and its lock keeper do. */
function undoTogether(entries: UndoEntry[], how: How = {}): Promise<UndoResult[]> {
  const since = Date.now() - (how.ageMs ?? 0);
  return asActivity(stage(how), (context) =>
    undoActivities(context).undo({ cluster: 'demo', lockId: 'lock', entries, since }),
  );
}

async function undo(entry: UndoEntry, how: How = {}): Promise<UndoResult> {
  const [result] = await undoTogether([entry], how);
  return result ?? { notes: [] };
}

/** Makes postgresql.auto.conf of a worker unwritable, as a config that is managed elsewhere is; answers what ends that. */
function readOnly(node: SandboxNode): () => void {
  const { uid, gid } = statSync(node.dataFolder);
  const files = [node.dataFolder, join(node.dataFolder, 'postgresql.auto.conf')];
  chownSync(node.dataFolder, 0, gid);
  chmodSync(node.dataFolder, 0o750);
  chmodSync(files[1] ?? '', 0o440);
  return () => {
    chownSync(node.dataFolder, uid, gid);
    chmodSync(node.dataFolder, 0o700);
    chmodSync(files[1] ?? '', 0o600);
  };
}

test('what is lowered stays so while Temporal waits for it, and comes back', async () => {
  const entries = await planned();
  expect(entries.map(({ before, during }) => [before, during])).toEqual([
    [null, '100ms'],
    [null, '100ms'],
  ]);
  await lower(entries);
  expect(await retryIntervals(cluster)).toEqual(['100ms']);
  await undoTogether(entries);
  expect(await retryIntervals(cluster)).toEqual(['5s']);
});

test('an attempt that wakes up after it was replaced lowers nothing', async () => {
  const entries = await planned();
  await expect(lower(entries, { awaited: 2 })).rejects.toMatchObject({ type: 'LockLost' });
  expect(await retryIntervals(cluster)).toEqual(['5s']);
});

test('what was written and not read yet by the server is given back too', async () => {
  const [entry] = await planned([first.address]);
  if (!entry) throw new Error('an entry was wanted');
  await first.query(`alter system set wal_retrieve_retry_interval = '100ms'`);
  expect(await undo(entry)).toEqual({ notes: [] });
  await first.query('select pg_reload_conf()');
  await expect.poll(() => retryIntervals(cluster)).toEqual(['5s']);
});

test('a reload is dated before the server has read its files, however fast it does', async () => {
  for (let round = 0; round < 20; round += 1) {
    await withCoordinator(
      configOf(cluster),
      { applicationName: 'test', statementTimeoutSeconds: 10 },
      async (db) => {
        const reloadedAt = (await reloadNodes(db, [first.address])).get(first.address) ?? Number.NaN;
        await expect
          .poll(async () => {
            const [setting] = await readNodeSetting(db, [first.address], 'wal_retrieve_retry_interval');
            return setting && 'loadedAt' in setting ? setting.loadedAt : 0;
          })
          .toBeGreaterThanOrEqual(reloadedAt);
      },
    );
  }
});

test('a value that someone else has set meanwhile is left alone, and told', async () => {
  const [entry] = await planned([first.address]);
  if (!entry) throw new Error('an entry was wanted');
  await first.query(`alter system set wal_retrieve_retry_interval = '3s'`);
  const { notes } = await undo(entry);
  expect(notes).toEqual([expect.stringContaining('is 3s now, set by someone else meanwhile: left alone')]);
  await first.query('alter system reset wal_retrieve_retry_interval');
  await first.query('select pg_reload_conf()');
  await expect.poll(() => retryIntervals(cluster)).toEqual(['5s']);
});

test('another server at the address of an entry is left alone', async () => {
  const [entry] = await planned([first.address]);
  if (!entry) throw new Error('an entry was wanted');
  const { notes } = await undo({ ...entry, server: '1' });
  expect(notes).toEqual([expect.stringContaining('is another server now')]);
});

test('where nothing may be written, nothing is lowered, and giving back is done at once', async () => {
  const entries = await planned();
  const writable = readOnly(first);
  try {
    const { notes, unchanged } = await lower(entries);
    expect(notes).toEqual([
      expect.stringContaining(`could not be lowered on ${first.address}, moves take longer`),
    ]);
    expect(unchanged).toEqual([`setting wal_retrieve_retry_interval ${first.address}`]);
    await undoTogether(entries);
  } finally {
    writable();
  }
  expect(await retryIntervals(cluster)).toEqual(['5s']);
});

test('a node that is away is tried again for its time, and then handed over with the SQL', async () => {
  const entries = await planned();
  const [entry] = entries;
  if (!entry) throw new Error('an entry was wanted');
  await lower(entries);
  await first.kill();
  await expect(undoTogether(entries)).rejects.toMatchObject({
    type: 'Passing',
    message: expect.stringContaining(first.address) as string,
  });
  const results = await undoTogether(entries, { ageMs: 6 * 60_000 });
  expect(results).toEqual(
    entries.map(({ node }) =>
      node === first.address
        ? { notes: [], handedOver: expect.stringContaining(first.address) as string }
        : { notes: [] },
    ),
  );
  expect(undoByHand(entry)).toBe(
    `on ${first.address}: ALTER SYSTEM RESET wal_retrieve_retry_interval; SELECT pg_reload_conf();`,
  );
  await first.start();
  expect(await retryIntervals(cluster)).toContain('100ms');
  await undoTogether(entries);
  expect(await retryIntervals(cluster)).toEqual(['5s']);
});

test('lowering waits for a node that is away for a moment, and for one that stays away it is a note', async () => {
  const entries = await planned();
  await first.kill();
  await expect(lower(entries)).rejects.toMatchObject({
    type: 'Passing',
    message: expect.stringContaining(`could not be lowered yet on ${first.address}`) as string,
  });
  const { notes } = await lower(entries, { attempt: 5 });
  expect(notes).toEqual([
    expect.stringContaining(`could not be lowered, moves take longer: ${first.address}`),
  ]);
  await first.start();
  expect(new Set(await retryIntervals(cluster))).toEqual(new Set(['100ms', '5s']));
  await undoTogether(entries);
});

test('a mark is put back as it was, and a node that has left needs nothing', async () => {
  const mark = (node: string): UndoEntry => ({
    id: `node-mark ${node}`,
    kind: 'node-mark',
    node,
    before: false,
    during: true,
  });
  await undoTogether([mark(first.address), mark('127.0.0.1:1')]);
  expect((await marksOf(cluster))[first.address]).toBe(false);
});

test('a value that its owner has set since it was looked at is not lowered, and not given back', async () => {
  const [entry] = await planned([first.address]);
  if (!entry) throw new Error('an entry was wanted');
  await first.query(`alter system set wal_retrieve_retry_interval = '2s'`);
  await first.query('select pg_reload_conf()');
  const { notes, unchanged } = await lower([entry]);
  expect(unchanged).toEqual([entry.id]);
  expect(notes.join()).toMatch(/was set to 2(s|000) by someone else meanwhile: left alone/);
  expect(await retryIntervals(cluster)).toContain('2s');
  await first.query('alter system reset wal_retrieve_retry_interval');
  await first.query('select pg_reload_conf()');
});
