import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openCluster } from '../../../sandbox/cluster/cluster.js';
import { findFlavour, withClient, type SandboxNode } from '../../../sandbox/index.js';
import { fingerprint, flavour, retryIntervals, setStage, type Stage } from '../../support/stage.js';
import { expectCancelled, midDrain, nodesOf } from '../../support/undo.js';
import { impatient } from '../../support/worker-process.js';

/** What a movement changes in the servers' settings is taken back, and only that. */
const isReal = findFlavour(flavour).flavour === 'citus';
let stage: Stage;
let rows: Record<string, string>;
let nodes: Record<string, string>;
beforeEach(async () => {
  stage = await setStage({ start: { workers: 3 }, worker: impatient });
  rows = await fingerprint(stage.cluster);
  nodes = await nodesOf(stage.cluster);
});
afterEach(() => stage.end());

/** Copies of reference tables of ours that run at the coordinator. */
function copies(): Promise<unknown[]> {
  return stage.cluster.query(
    `select pid from pg_stat_activity where query like '%replicate_reference_tables%' and application_name like 'citus-scaler:%'
        and state = 'active'`,
  );
}

/** What ALTER SYSTEM has set, on all servers that are workers or were to become some. */
function alterations(): string[] {
  return openCluster(stage.folder).workers.flatMap(({ name, dataFolder }) => {
    const file = join(dataFolder, 'postgresql.auto.conf');
    const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n') : [];
    return lines.filter((line) => line.startsWith('wal_retrieve')).map((line) => `${name}: ${line}`);
  });
}

function firstWorker(): SandboxNode {
  const [first] = stage.cluster.workers;
  if (!first) throw new Error('no worker');
  return first;
}

test.skipIf(!isReal)(
  'a setting that was lowered twice, since pause now stopped a copy in between, is as its owner had it (real Citus)',
  async () => {
    // Lowered at two moments: on one of the new workers it can't be set before the pause.
    const [first, second] = [await stage.cluster.addNode(), await stage.cluster.addNode()];
    const hindrance = join(first.dataFolder, 'postgresql.auto.conf.tmp');
    mkdirSync(hindrance);
    const [source] = await stage.cluster.query<{ port: number }>(
      'select nodeport as port from pg_dist_node order by nodename, nodeport limit 1',
    );
    const login = { ...stage.cluster.coordinator.login, port: source?.port ?? 0, database: 'postgres' };
    const op = await withClient(login, async (client) => {
      await client.query('create table if not exists notes (i int)');
      await client.query('begin');
      await client.query('insert into notes values (1)');
      const started = await stage.scaleOut('twice', { nodes: [first.address, second.address] });
      await expect.poll(copies, { timeout: 60_000 }).toHaveLength(1);
      await started.update('pause', { by: 'test', now: true });
      await expect.poll(copies, { timeout: 20_000 }).toEqual([]);
      rmSync(hindrance, { recursive: true });
      await client.query('rollback');
      return started;
    });
    await op.update('resume', { by: 'test' });
    const report = await op.result();
    expect(report.state).toBe('done');
    expect(await retryIntervals(openCluster(stage.folder))).toEqual(['5s']);
    expect(alterations()).toEqual([]);
    expect(report.undo ?? []).toEqual([]);
  },
);

/** Ways to keep ALTER SYSTEM from working on a server, whatever the role; they give back how to end it. */
const hindrances: { name: string; only?: 'stand-in'; hinder: (node: SandboxNode) => Promise<void> }[] = [
  {
    name: 'whose postgresql.auto.conf can’t be written',
    hinder: async ({ dataFolder }) => {
      // PostgreSQL writes the new one under this name first.
      mkdirSync(join(dataFolder, 'postgresql.auto.conf.tmp'));
      await Promise.resolve();
    },
  },
  {
    name: 'that doesn’t allow ALTER SYSTEM',
    only: 'stand-in',
    hinder: async (node) => {
      appendFileSync(join(node.dataFolder, 'postgresql.conf'), 'allow_alter_system = off\n');
      await node.query('select pg_reload_conf()');
    },
  },
];

for (const { name, only, hinder } of hindrances) {
  const possible = only === undefined || !isReal;

  test.skipIf(!possible)(`a drain towards a worker ${name} ends, with a note`, async () => {
    await hinder(firstWorker());
    const op = await stage.start('drainWorker', 'hindered', {
      nodes: [stage.cluster.workers[2]?.address ?? ''],
    });
    await op.until('done', ({ state }) => state === 'done', 90);
    const { notes, undo } = await op.result();
    expect(notes.join('\n')).toContain(firstWorker().address);
    expect(undo ?? []).toEqual([]);
    expect(alterations()).toEqual([]);
    expect(await fingerprint(stage.cluster)).toEqual(rows);
  });

  test.skipIf(!possible)(`a drain towards a worker ${name} can be cancelled`, async () => {
    await hinder(firstWorker());
    const { op, release } = await midDrain(stage, 'hindered-and-cancelled');
    await op.cancel();
    await op.until('cancelled', ({ state }) => state === 'cancelled');
    await expectCancelled(op);
    await release();
    expect(alterations()).toEqual([]);
    expect(await nodesOf(stage.cluster)).toEqual(nodes);
  });
}

test('a worker that can be written to no more keeps what was lowered there, and that is told with its SQL', async () => {
  const { op, release } = await midDrain(stage, 'hindered-later');
  const node = firstWorker();
  const file = join(node.dataFolder, 'postgresql.auto.conf.tmp');
  mkdirSync(file);
  await op.cancel();
  const { attention } = await op.until(
    'in need of attention',
    ({ state }) => state === 'needs-attention',
    90,
  );
  expect(`${attention?.problem} ${attention?.evidence}`).toContain(node.address);
  rmSync(file, { recursive: true });
  await op.update('retry', { by: 'test' }).catch(() => undefined);
  await expectCancelled(op);
  await release();
  expect(alterations()).toEqual([]);
});
