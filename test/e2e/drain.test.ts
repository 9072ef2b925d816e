import { afterAll, beforeAll, expect, test } from 'vitest';
import { midMoveOf } from '../support/slow-moves.js';
import {
  fingerprint,
  mark,
  marksOf,
  retryIntervals,
  setStage,
  workersOf,
  type Stage,
} from '../support/stage.js';

let stage: Stage;
let before: Record<string, string>;
beforeAll(async () => {
  stage = await setStage({ start: { workers: 3 } });
  before = await fingerprint(stage.cluster);
});
afterAll(() => stage.end());

const address = (index: number): string => stage.cluster.workers[index]?.address ?? '';

const marks = (): Promise<Record<string, boolean>> => marksOf(stage.cluster);

async function shardsOn(node: string): Promise<number> {
  const port = Number(node.slice(node.lastIndexOf(':') + 1));
  return (await workersOf(stage.cluster)).find((each) => each.port === port)?.shards ?? -1;
}

test('a dry run shows where the shards go and changes nothing', async () => {
  const op = await stage.start('drainWorker', 'dry', { nodes: [address(2)], dryRun: true });
  const { plan, state } = await op.result();
  expect(state).toBe('done');
  expect(plan?.moves.length).toBeGreaterThan(0);
  expect(plan?.moves.every(({ from, to }) => from === address(2) && to !== address(2))).toBe(true);
  expect(plan?.drainedWorkers).toEqual([address(2)]);
  expect(plan?.after.workers.find(({ node }) => node === address(2))?.shards).toBe(0);
  expect(await marks()).toEqual({ [address(0)]: true, [address(1)]: true, [address(2)]: true });
});

test('a dry run of what leaves the data nowhere to go says so, and ends', async () => {
  const nodes = stage.cluster.workers.map(({ address }) => address);
  const report = await (await stage.start('drainWorker', 'dry-all', { nodes, dryRun: true })).result();
  expect(report).toMatchObject({ state: 'done' });
  expect(report.plan).toBeUndefined();
  expect(report.checks).toContainEqual(expect.objectContaining({ id: 'remaining-workers', ok: false }));
});

test('cancelled half way, the worker is in service as before and what was moved stays', async () => {
  const { op, release } = await midMoveOf(stage, () =>
    stage.start('drainWorker', 'cancelled', {
      nodes: [address(2)],
      approval: 'required',
      parallelMoves: 1,
    }),
  );
  expect((await op.status()).undo).toContainEqual({
    kind: 'node-mark',
    what: `shouldhaveshards of ${address(2)}: false → true`,
  });
  expect((await marks())[address(2)]).toBe(false);
  await op.cancel();
  await expect(op.result()).rejects.toThrow();
  await release();
  const status = await op.status();
  expect(status.state).toBe('cancelled');
  expect(status.undo).toBeUndefined();
  expect((await marks())[address(2)]).toBe(true);
  expect(await retryIntervals(stage.cluster)).toEqual(['5s']);
});

test('terminated half way, the lock keeper puts the worker back in service', async () => {
  const { op, release } = await midMoveOf(stage, () =>
    stage.start('drainWorker', 'terminated', { nodes: [address(2)], approval: 'required', parallelMoves: 1 }),
  );
  await op.terminate();
  await release();
  for (const end = Date.now() + 60_000; (await marks())[address(2)] !== true;) {
    expect(Date.now(), 'still marked').toBeLessThan(end);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
});

test('empties the worker, leaves it registered, and names another that is marked without touching it', async () => {
  const marked = stage.cluster.workers[1];
  if (!marked) throw new Error('no worker');
  await mark(stage.cluster, marked, false);
  const held = await shardsOn(address(1));
  const report = await (await stage.start('drainWorker', 'drain', { nodes: [address(2)] })).result();
  expect(report.state).toBe('done');
  expect(await shardsOn(address(2))).toBe(0);
  expect(await shardsOn(address(1))).toBe(held);
  expect(report.checks.find(({ id }) => id === 'drained-nodes')?.evidence).toContain(address(1));
  expect(await marks()).toEqual({ [address(0)]: true, [address(1)]: false, [address(2)]: false });
  expect(await fingerprint(stage.cluster)).toEqual(before);
  expect(report.undo).toBeUndefined();
  await mark(stage.cluster, marked, true);
});

test('a second drain finds nothing to do, and asks nobody', async () => {
  const op = await stage.start('drainWorker', 'again', { nodes: [address(2)], approval: 'required' });
  const report = await op.result();
  expect(report.state).toBe('done');
  expect(report.movedShardGroups).toBe(0);
  expect(report.notes.join()).toContain(`nothing to do: out of service already`);
  expect(report.steps.filter(({ state }) => state === 'done').map(({ name }) => name)).toEqual([
    'Check the cluster',
    'Plan',
  ]);
  expect((await marks())[address(2)]).toBe(false);
});

test('a mark alone is changed without asking, unless somebody said that approval is required', async () => {
  const unsaid = { nodes: [address(2)], approval: undefined as never };
  await (await stage.start('drainWorker', 'unsaid-undo', { ...unsaid, undo: true })).result();
  expect((await marks())[address(2)]).toBe(true);
  const report = await (await stage.start('drainWorker', 'unsaid', unsaid)).result();
  expect(report.state).toBe('done');
  expect((await marks())[address(2)]).toBe(false);
});

test('what comes to an empty worker before it is marked is moved too', async () => {
  const op = await stage.start('drainWorker', 'arrivals', { nodes: [address(2)], undo: true });
  await op.result();
  const drain = await stage.start('drainWorker', 'drain-arrivals', {
    nodes: [address(2)],
    approval: 'required',
  });
  const { plan } = await drain.until('planned', ({ state }) => state === 'awaiting-approval');
  expect(plan?.movesTotal).toBe(0);
  await stage.cluster.query('create table late (id bigint primary key)');
  await stage.cluster.query(
    `select create_distributed_table('late', 'id', shard_count => 6, colocate_with => 'none')`,
  );
  expect(await shardsOn(address(2))).toBeGreaterThan(0);
  await drain.update('approve', { by: 'test' });
  const report = await drain.result();
  expect(report.state).toBe('done');
  expect(report.notes.join()).toContain('a further round moved 2 shard groups');
  expect(await shardsOn(address(2))).toBe(0);
});

test('undo puts it back in service', async () => {
  const report = await (
    await stage.start('drainWorker', 'undo', { nodes: [address(2)], undo: true })
  ).result();
  expect(report.state).toBe('done');
  expect(report.plan?.restoredWorkers).toEqual([address(2)]);
  expect((await marks())[address(2)]).toBe(true);
  const rebalanced = await (await stage.start('rebalance', 'even', {})).result();
  expect(rebalanced.state).toBe('done');
  expect(await shardsOn(address(2))).toBeGreaterThan(0);
});

test.each([
  ['an unknown node', () => ['127.0.0.1:1'], /127.0.0.1:1 is no node of this cluster/],
  ['the coordinator', () => [stage.cluster.coordinator.address], /coordinator/],
  ['all workers', () => [address(0), address(1), address(2)], /nowhere for the data to go/],
])('refuses %s', async (_what, nodes, message) => {
  const op = await stage.start('drainWorker', `refused-${_what}`, { nodes: nodes() });
  await expect(op.result()).rejects.toMatchObject({ cause: { type: 'PreflightRefused' } });
  const { checks } = await op.status();
  expect(
    checks
      .filter(({ ok }) => !ok)
      .map(({ evidence }) => evidence)
      .join(),
  ).toMatch(message);
});
