import { afterAll, beforeAll, expect, test } from 'vitest';
import { findFlavour, withClient } from '../../sandbox/index.js';
import { slowMoves } from '../support/slow-moves.js';
import { fingerprint, flavour, setStage, workersOf, type Stage } from '../support/stage.js';

let stage: Stage;
let before: Record<string, string>;
beforeAll(async () => {
  stage = await setStage({ start: { workers: 3 }, wishes: { parallelMoves: 1 } });
  before = await fingerprint(stage.cluster);
});
afterAll(() => stage.end());

/** Those of real Citus last about a second anyway. */
async function lastingMoves(seconds: number): Promise<void> {
  if (stage.cluster.flavour === 'stand-in') await slowMoves(stage.cluster, seconds);
}

test('a pause holds up what can’t be undone as well as what moves', async () => {
  await lastingMoves(1);
  const node = leastOf(await workersOf(stage.cluster));
  const op = await stage.start('removeWorker', 'held-up', { nodes: [node], approval: 'required' });
  await op.until('awaiting approval', ({ state }) => state === 'awaiting-approval');
  const pause = { by: 'test', reason: 'month-end run' };
  await op.update('pause', pause);
  expect(await op.status()).toMatchObject({ state: 'awaiting-approval', paused: pause });
  await op.update('approve', { by: 'test' });
  await op.until('paused', ({ state }) => state === 'paused');
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  expect((await op.status()).steps.filter(({ state }) => state === 'done').map(({ name }) => name)).toEqual([
    'Check the cluster',
    'Plan',
    'Approval',
  ]);
  expect(
    await stage.cluster.query('select from pg_dist_node where groupid > 0 and not shouldhaveshards'),
  ).toEqual([]);
  await op.update('resume', { by: 'test' });
  await op.until('emptied', ({ steps }) =>
    steps.some(({ name, state }) => name === 'Move shards' && state === 'running'),
  );
  await op.update('pause', { by: 'test' });
  await op.until('paused', ({ state, progress }) => state === 'paused' && progress?.movingTotal === 0, 60);
  expect(await workersOf(stage.cluster)).toHaveLength(3);
  await lastingMoves(0);
  await op.update('resume', { by: 'test' });
  const report = await op.result();
  expect(report.state).toBe('done');
  expect(report).not.toHaveProperty('paused');
  expect(await workersOf(stage.cluster)).toHaveLength(2);
  expect(await fingerprint(stage.cluster)).toEqual(before);
});

test.skipIf(findFlavour(flavour).flavour !== 'citus')(
  'pause now stops the copy of reference tables, and resume begins it again (real Citus)',
  async () => {
    const [source] = await stage.cluster.query<{ port: number }>(
      'select nodeport as port from pg_dist_node order by nodename, nodeport limit 1',
    );
    const login = { ...stage.cluster.coordinator.login, port: source?.port ?? 0, database: 'postgres' };
    const op = await withClient(login, async (client) => {
      await client.query('create table if not exists notes (i int)');
      await client.query('begin');
      await client.query('insert into notes values (1)');
      const started = await stage.scaleOut('copy-stopped', { add: 1 });
      await expect.poll(copies, { timeout: 60_000 }).toHaveLength(1);
      await started.update('pause', { by: 'test', now: true });
      await expect.poll(copies, { timeout: 20_000 }).toEqual([]);
      await client.query('rollback');
      return started;
    });
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    expect((await op.status()).state).toBe('paused');
    expect(await copies()).toEqual([]);
    await op.update('resume', { by: 'test' });
    expect((await op.result()).state).toBe('done');
    expect(await fingerprint(stage.cluster)).toEqual(before);
  },
);

/** Copies of reference tables of ours that run at the coordinator. */
function copies(): Promise<unknown[]> {
  return stage.cluster.query(
    `select pid from pg_stat_activity where application_name ~ '^citus-scaler:.*:move:reference$' and state = 'active'`,
  );
}

/** The worker with the fewest shards. */
function leastOf(workers: { port: number; shards: number }[]): string {
  const [least] = [...workers].sort((a, b) => a.shards - b.shards);
  return `127.0.0.1:${least?.port ?? 0}`;
}
