import { afterAll, beforeAll, expect, test } from 'vitest';
import { fingerprint, mark, setStage, workersOf, type Stage } from '../support/stage.js';

let stage: Stage;
let before: Record<string, string>;
beforeAll(async () => {
  stage = await setStage();
  before = await fingerprint(stage.cluster);
});
afterAll(() => stage.end());

const address = (index: number): string => stage.cluster.workers[index]?.address ?? '';

async function markWorker(index: number, value: boolean): Promise<void> {
  const worker = stage.cluster.workers[index];
  if (!worker) throw new Error(`no worker ${index}`);
  await mark(stage.cluster, worker, value);
}

test('an even cluster needs nothing, and the report says why', async () => {
  const report = await (await stage.start('rebalance', 'even', { strategy: 'by_shard_count' })).result();
  expect(report.state).toBe('done');
  expect(report.movedShardGroups).toBe(0);
  expect(report.notes.join()).toMatch(
    /Citus plans no move with strategy by_shard_count: no node is farther than \d+ %/,
  );
  const skipped = report.steps.filter(({ state }) => state === 'skipped');
  expect(skipped.map(({ name }) => name)).toContain('Move shards');
  expect(skipped.filter(({ detail }) => detail !== undefined)).toHaveLength(1);
});

test('small shards count as even by size, and the base cost is named', async () => {
  const report = await (await stage.start('rebalance', 'by-size', { strategy: 'by_disk_size' })).result();
  expect(report.notes.join()).toContain('citus.rebalancer_by_disk_size_base_cost');
});

test('an unknown strategy is refused with those that there are', async () => {
  const op = await stage.start('rebalance', 'unknown', { strategy: 'by_moonlight' });
  await expect(op.result()).rejects.toMatchObject({
    cause: {
      type: 'InvalidInput',
      message: expect.stringMatching(/by_moonlight.*by_disk_size, by_shard_count/) as unknown,
      details: [{ cluster: 'demo' }],
    },
  });
});

test('what lies on a marked worker leaves it: that is success, though the others are no more even than before', async () => {
  await markWorker(1, false);
  const report = await (await stage.start('rebalance', 'off-the-marked', {})).result();
  expect(report.state).toBe('done');
  expect(report.after?.workers.find(({ node }) => node === address(1))?.shards).toBe(0);
  await markWorker(1, true);
  const back = await (await stage.start('rebalance', 'back-again', {})).result();
  expect(back.steps.find(({ name }) => name === 'Verify')?.detail).toMatch(
    /counts 2\.00 → 1\.00 times the mean for the fullest node/,
  );
});

test('drainOnly empties what is marked already, and nothing else', async () => {
  await markWorker(1, false);
  const report = await (await stage.start('rebalance', 'drain-only', { drainOnly: true })).result();
  expect(report.state).toBe('done');
  expect(report.plan?.drainedWorkers).toEqual([address(1)]);
  expect(report.checks.filter(({ id }) => id === 'drained-nodes')).toEqual([
    {
      id: 'drained-nodes',
      severity: 'info',
      ok: true,
      evidence: `shouldhaveshards is off on ${address(1)}: they are emptied, as asked`,
    },
  ]);
  expect(report.after?.workers.find(({ node }) => node === address(1))?.shards).toBe(0);
  expect(await fingerprint(stage.cluster)).toEqual(before);
});

test('evens out what is uneven, and proves it by the strategy’s measure', async () => {
  await markWorker(1, true);
  const op = await stage.start('rebalance', 'uneven', {
    strategy: 'by_shard_count',
    threshold: 0,
    approval: 'required',
  });
  const { plan } = await op.until('awaiting approval', ({ state }) => state === 'awaiting-approval');
  await op.update('approve', { by: 'test', planHash: plan?.hash });
  const report = await op.result();
  expect(report.steps.find(({ name }) => name === 'Verify')?.detail).toBe(
    'better: strategy by_shard_count counts 2.00 → 1.00 times the mean for the fullest node, 0.00 → 1.00 for the emptiest',
  );
  const [one, two] = await workersOf(stage.cluster);
  expect(one?.shards).toBe(two?.shards);
  expect(await fingerprint(stage.cluster)).toEqual(before);
});

test('a strategy of the user’s is judged by its own cost function', async () => {
  await stage.cluster.query(
    `create function public.one_each(bigint) returns real language sql immutable as 'select 3.0::real'`,
  );
  await stage.cluster.query(
    `select citus_add_rebalance_strategy('thirds', 'public.one_each', 'citus_node_capacity_1', 'citus_shard_allowed_on_node_true', 0.05)`,
  );
  await markWorker(0, false);
  await (await stage.start('rebalance', 'empty-one', { drainOnly: true })).result();
  await markWorker(0, true);
  const report = await (await stage.start('rebalance', 'thirds', { strategy: 'thirds' })).result();
  expect(report.steps.find(({ name }) => name === 'Verify')?.detail).toMatch(
    /^better: strategy thirds counts 2\.00 → 1\.00 times/,
  );
});

test('block_writes says for how long writes wait', async () => {
  await markWorker(1, false);
  const op = await stage.start('rebalance', 'blocking', { transferMode: 'block_writes', dryRun: true });
  const { checks, plan } = await op.result();
  expect(checks.find(({ id }) => id === 'blocked-writes')?.evidence).toMatch(/about \d+ s for the largest/);
  expect(plan?.moves.every(({ mode }) => mode === 'blocking')).toBe(true);
  await markWorker(1, true);
});

test('auto blocks writes only to what can’t move online, and not before a person has said so', async () => {
  await stage.cluster.query('create table public.notes (id bigint)');
  await stage.cluster.query(
    `select create_distributed_table('public.notes', 'id', shard_count := 2, colocate_with := 'none')`,
  );
  await markWorker(1, false);
  const input = { strategy: 'by_shard_count', drainOnly: true, approval: 'auto' } as const;
  const accepted = await stage.start('rebalance', 'accepted', {
    ...input,
    dryRun: true,
    acceptChecks: ['blocked-writes'],
    reason: 'nobody writes at night',
  });
  expect((await accepted.result()).checks.find(({ id }) => id === 'blocked-writes')?.ok).toBe(true);

  const op = await stage.start('rebalance', 'mixed', input);
  const { plan, checks } = await op.until('awaiting approval', ({ state }) => state === 'awaiting-approval');
  expect(checks.find(({ id }) => id === 'blocked-writes')?.evidence).toContain(
    'public.notes (has no primary key)',
  );
  const modes = plan?.moves.map(({ tables: [table], mode }) => `${table} ${mode}`) ?? [];
  expect(modes.filter((mode) => mode.startsWith('notes'))).toEqual(['notes blocking']);
  expect(modes.filter((mode) => mode.endsWith('logical')).length).toBe(modes.length - 1);
  expect(plan?.longestStallSeconds).toBeGreaterThan(0);
  await op.update('approve', { by: 'test', planHash: plan?.hash });
  const report = await op.result();
  expect(report.movedShardGroups).toBe(plan?.movesTotal);
  expect(report.longestStall?.measuredSeconds).toBeGreaterThan(0);
  await stage.cluster.query('drop table public.notes');
});
