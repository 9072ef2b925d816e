import { afterAll, beforeAll, expect, test } from 'vitest';
import type { SandboxCluster } from '../../../sandbox/index.js';
import { mark } from '../../support/stage.js';
import { checkOf, preflightOf, startWithOrders, type Wishes } from './support.js';

let cluster: SandboxCluster;
beforeAll(async () => {
  cluster = await startWithOrders();
});
afterAll(() => cluster.stop());

const preflight = (...wishes: Wishes) => preflightOf(cluster, ...wishes);

test('what becomes of shards on a worker that is marked depends on what is planned', async () => {
  const [marked, other] = cluster.workers;
  if (!marked || !other) throw new Error('no workers');
  await mark(cluster, marked, false);
  try {
    const said = async (...wishes: Wishes): Promise<string> => {
      const [check, more] = (await preflight(...wishes)).filter(({ id }) => id === 'drained-nodes');
      expect(more).toBeUndefined();
      return `${check?.severity}: ${check?.evidence}`;
    };
    const off = `shouldhaveshards is off on ${marked.address}`;
    const stays = `warning: ${off}: they get nothing, and what they hold stays there`;
    const moves = `warning: ${off}: they get nothing, and what they hold moves to the others`;
    expect(await said({}, { type: 'rebalance' })).toBe(moves);
    expect(await said({})).toBe(moves);
    expect(await said({ rebalance: false })).toBe(stays);
    expect(await said({ nodes: [other.address] }, { type: 'drainWorker' })).toBe(stays);
    expect(await said({ drainOnly: true }, { type: 'rebalance' })).toBe(
      `info: ${off}: they are emptied, as asked`,
    );
  } finally {
    await mark(cluster, marked, true);
  }
});

test('the coordinator is never emptied, removed or put back, whether it holds shards or not', async () => {
  const { address } = cluster.coordinator;
  for (const holds of [true, false]) {
    await mark(cluster, cluster.coordinator, holds);
    for (const more of [{}, { undo: true }])
      expect(
        checkOf(await preflight({ nodes: [address], ...more }, { type: 'drainWorker' }), 'leaving-nodes'),
      ).toMatchObject({ ok: false, severity: 'blocker', evidence: `${address} is the coordinator` });
  }
});

test('a worker without metadata blocks, and the statement that is told mends it', async () => {
  const [worker] = cluster.workers;
  if (!worker) throw new Error('no worker');
  await cluster.query('SELECT stop_metadata_sync_to_node($1, $2)', [worker.host, worker.port]);
  const check = checkOf(await preflight(), 'metadata-synced');
  expect(check).toMatchObject({ severity: 'blocker', ok: false });
  expect(check.evidence).toContain(worker.address);
  const [statement] = /SELECT [^;]*;/.exec(check.remedy?.text ?? '') ?? [];
  await cluster.query(statement ?? 'no statement');
  expect(checkOf(await preflight(), 'metadata-synced').ok).toBe(true);
});

test('a worker that is down or frozen is said, without failing and without waiting for long', async () => {
  const [worker] = cluster.workers;
  if (!worker) throw new Error('no worker');
  await worker.stop('immediate');
  const down = await preflight();
  expect(checkOf(down, 'nodes-active')).toMatchObject({ severity: 'blocker', ok: false });
  expect(checkOf(down, 'nodes-active').evidence).toContain(worker.address);
  // Every change of nodes and placements has to reach it: accepting the check would lead to endless tries.
  const accepted = checkOf(await preflight({ acceptChecks: ['nodes-active'] }), 'nodes-active');
  expect(accepted).toMatchObject({ severity: 'blocker', ok: false });
  expect(accepted.remedy).toMatchObject({ action: 'isolateWorker', arguments: { node: worker.address } });
  expect(accepted.remedy?.text).not.toMatch(/remove/);
  await worker.start();

  worker.freeze();
  try {
    const begin = Date.now();
    const frozen = await preflight();
    expect(checkOf(frozen, 'nodes-active').evidence).toContain(worker.address);
    expect(Date.now() - begin).toBeLessThan(40_000);
  } finally {
    worker.thaw();
  }
});
