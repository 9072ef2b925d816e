import { afterAll, beforeAll, expect, test } from 'vitest';
import type { SandboxNode } from '../../sandbox/index.js';
import { fingerprint, setStage, type Stage } from '../support/stage.js';

let stage: Stage;
let dead: SandboxNode;
let before: Record<string, string>;
beforeAll(async () => {
  stage = await setStage({ start: { workers: 3 } });
  before = await fingerprint(stage.cluster);
  const [, , third] = stage.cluster.workers;
  if (!third) throw new Error('no third worker');
  dead = third;
});
afterAll(() => stage.end());

/** The metadata that each node gets, as `pg_dist_node` has it. */
async function synced(): Promise<Record<string, string>> {
  const rows = await stage.cluster.query<{ node: string; state: string }>(
    `select nodename || ':' || nodeport as node, hasmetadata::text || ' ' || metadatasynced as state
       from pg_dist_node where groupid > 0`,
  );
  return Object.fromEntries(rows.map(({ node, state }) => [node, state]));
}

const isolate = (id: string, more: object = {}) =>
  stage.start('isolateWorker', id, { node: dead.address, ...more });

async function refusalOf(id: string, more: object): Promise<{ type?: string; text: string }> {
  const op = await isolate(id, { ifBusy: 'wait', ...more });
  const error = (await op.result().catch((thrown: unknown) => thrown)) as {
    cause?: { type?: string; message: string };
  };
  return { type: error.cause?.type ?? '', text: error.cause?.message ?? JSON.stringify(error) };
}

test('a worker that answers, the coordinator and a stranger are not isolated', async () => {
  const refusals = await Promise.all([
    refusalOf('alive', {}),
    refusalOf('coordinator', { node: stage.cluster.coordinator.address }),
    refusalOf('stranger', { node: 'db99:5432' }),
  ]);
  expect(refusals.map(({ type }) => type)).toEqual(refusals.map(() => 'PreflightRefused'));
  const [alive, coordinator, stranger] = refusals.map(({ text }) => text);
  expect(alive).toMatch(/isolated-node-away: .* answers .*lose its copy of the metadata/);
  expect(coordinator).toMatch(/isolated-node: .* is the coordinator/);
  expect(stranger).toMatch(/isolated-node: db99:5432 is no node of this cluster/);
});

test('a dead worker is isolated once approved; asked again there is nothing to do', async () => {
  await dead.kill();
  const op = await isolate('isolated', { approval: 'required' });
  const { plan, checks } = await op.until('asking', ({ state }) => state === 'awaiting-approval');
  expect(plan).toMatchObject({ movesTotal: 0, isolatedWorkers: [dead.address] });
  expect(checks.find(({ id }) => id === 'isolation')?.evidence).toMatch(
    /reference tables can be read, not written/,
  );
  expect((await synced())[dead.address]).toBe('true true');
  await op.update('approve', { by: 'test' });
  expect(await op.result()).toMatchObject({ state: 'done' });
  const [first, second] = stage.cluster.workers.map(({ address }) => address);
  expect(await synced()).toEqual({
    [first ?? '']: 'true true',
    [second ?? '']: 'true true',
    [dead.address]: 'false false',
  });

  const again = await (await isolate('again', { approval: 'required' })).result();
  expect(again.notes).toContain(`nothing to do: ${dead.address} is isolated already`);
});

test('with a worker dead and isolated the others take a new one in, even out, and are emptied', async () => {
  const on = (
    node: SandboxNode,
  ) => `select shardid::int as id from pg_dist_placement join pg_dist_node using (groupid)
    where nodeport = ${node.port} order by 1`;
  const kept = await stage.cluster.query(on(dead));
  const fresh = await stage.cluster.addNode();
  const joined = await (await stage.scaleOut('beside-dead', { nodes: [fresh.address] })).result();
  expect(joined).toMatchObject({ state: 'done' });
  expect(joined.movedShardGroups).toBeGreaterThan(0);
  expect(joined.checks.find(({ id }) => id === 'nodes-active')).toMatchObject({
    ok: false,
    severity: 'warning',
  });
  expect(joined.before?.workers.find(({ node }) => node === dead.address)?.state).toBe('isolated');

  const drained = await (
    await stage.start('drainWorker', 'drain-beside-dead', { nodes: [fresh.address] })
  ).result();
  expect(drained).toMatchObject({ state: 'done', movedShardGroups: joined.movedShardGroups });
  await (
    await stage.start('drainWorker', 'back-beside-dead', { nodes: [fresh.address], undo: true })
  ).result();
  const spread = await (await stage.start('rebalance', 'rebalance-beside-dead', {})).result();
  expect(spread).toMatchObject({ state: 'done', movedShardGroups: joined.movedShardGroups });
  expect(await stage.cluster.query(on(dead))).toEqual(kept);
});

test('what lies on a dead worker can’t be moved: that is said, with isolation as the way on, and no acceptance leads further', async () => {
  const wanted = { nodes: [dead.address], acceptChecks: ['nodes-active'], reason: 'it is dead' };
  for (const type of ['drainWorker', 'removeWorker'] as const) {
    const op = await stage.start(type, `${type}-of-dead`, wanted);
    const error = (await op.result().catch((thrown: unknown) => thrown)) as {
      cause?: { type: string; message: string };
    };
    expect(error.cause).toMatchObject({ type: 'PreflightRefused' });
    expect(error.cause?.message).toMatch(/nodes-active: .* doesn't answer: .*what lies on it can't move/);
  }
});

test('a second dead worker is isolated as well, whichever is first, and both are taken back', async () => {
  const [first, second] = stage.cluster.workers;
  if (!first || !second) throw new Error('no workers');
  await dead.start();
  expect(await (await isolate('back-once', { undo: true })).result()).toMatchObject({ state: 'done' });
  await Promise.all([dead.kill(), second.kill()]);
  const op = await isolate('one-of-two');
  const { checks } = await op.result();
  expect(checks.find(({ id }) => id === 'isolation')?.evidence).toContain(`${second.address}: dead too`);
  expect((await synced())[dead.address]).toBe('false false');
  await (await isolate('two-of-two', { node: second.address })).result();
  const rows = 'select nodeport::int as port from pg_dist_node where not hasmetadata order by 1';
  const ports = [dead.port, second.port].sort((a, b) => a - b).map((port) => ({ port }));
  expect(await stage.cluster.query(rows)).toEqual(ports);
  // The live ones have heard of both, also of the one that was isolated first.
  expect(await first.query(rows)).toEqual(ports);
  await second.start();
  expect(await (await isolate('second-back', { node: second.address, undo: true })).result()).toMatchObject({
    state: 'done',
  });
  expect((await synced())[second.address]).toBe('true true');
});

test('a worker that is still dead is not taken back, one that answers is', async () => {
  const { type, text } = await refusalOf('too-early', { undo: true });
  expect(type).toBe('PreflightRefused');
  expect(text).toMatch(/isolated-node-back: .* doesn't answer/);

  await dead.start();
  expect(await (await isolate('back', { undo: true })).result()).toMatchObject({ state: 'done' });
  expect((await synced())[dead.address]).toBe('true true');
  expect(await fingerprint(stage.cluster)).toEqual(before);
});
