import { afterAll, beforeAll, expect, test } from 'vitest';
import { byHand, hasTable, placedShards, putOff, asNode } from '../support/make-leftovers.js';
import { slowMoves } from '../support/slow-moves.js';
import { fingerprint, setStage, type Stage } from '../support/stage.js';

let stage: Stage;
let before: Record<string, string>;
beforeAll(async () => {
  stage = await setStage();
  before = await fingerprint(stage.cluster);
});
afterAll(() => stage.end());

const shard = async () => {
  const [first] = await placedShards(stage.cluster, 'orders');
  if (!first) throw new Error('no shard');
  return first;
};

async function makeLeftovers(): Promise<void> {
  const { name, other } = await shard();
  await byHand(
    other,
    `create table ${name} (tenant_id bigint, order_id bigint)`,
    'create publication citus_shard_move_publication_7_10_900',
    `select pg_create_logical_replication_slot('citus_shard_move_slot_7_10_900', 'pgoutput')`,
  );
  await putOff(stage.cluster, { name: `public.${name}`, groupId: 99 });
}

test('a dry run shows what would go and how, and what is left alone; it removes nothing', async () => {
  const { name, other, home } = await shard();
  await makeLeftovers();
  const stranger = await asNode(home, 77);
  const report = await (await stage.start('cleanUp', 'dry', { dryRun: true })).result();
  await stranger.end();
  expect(report.plan).toMatchObject({ moves: [], movesTotal: 0, cleanupsTotal: 4 });
  expect(report.plan?.cleanups?.map(({ kind, node }) => [kind, node])).toEqual([
    ['replication slot', other.address],
    ['publication', other.address],
    ['shard table', other.address],
    ['pg_dist_cleanup row', stage.cluster.coordinator.address],
  ]);
  expect(report.plan?.cleanups?.every(({ how }) => how.length > 10)).toBe(true);
  expect(report.notes.join('\n')).toContain(
    `left alone: session node id 77 from 127.0.0.1 on ${home.address}`,
  );
  expect(await hasTable(other, name)).toBe(true);
});

test('what was approved is removed, and a second run finds nothing to do', async () => {
  const { name, other, home } = await shard();
  const op = await stage.start('cleanUp', 'clean', { approval: 'required' });
  const { plan } = await op.until('awaiting approval', ({ state }) => state === 'awaiting-approval');
  expect(await hasTable(other, name)).toBe(true);
  await op.update('approve', { by: 'test', planHash: plan?.hash });
  const report = await op.result();
  expect(report.state).toBe('done');
  expect(report.steps.find(({ name: step }) => step === 'Verify')?.detail).toBe('4 of 4 leftovers gone');
  expect([await hasTable(other, name), await hasTable(home, name)]).toEqual([false, true]);
  expect(await fingerprint(stage.cluster)).toEqual(before);

  const again = await (await stage.start('cleanUp', 'again', {})).result();
  expect(again.state).toBe('done');
  expect(again.plan?.cleanupsTotal).toBe(0);
  expect(again.notes.join()).toContain('nothing to do');
});

test('what came after the approval is not removed with it', async () => {
  const { name, other } = await shard();
  await makeLeftovers();
  const op = await stage.start('cleanUp', 'exactly', { approval: 'required' });
  await op.until('awaiting approval', ({ state }) => state === 'awaiting-approval');
  await byHand(other, 'create publication citus_shard_split_publication_7_10_901');
  await op.update('approve', { by: 'test' });
  await op.result();
  expect(await hasTable(other, name)).toBe(false);
  expect(await other.query('select pubname from pg_publication')).toEqual([
    { pubname: 'citus_shard_split_publication_7_10_901' },
  ]);
  const report = await (await stage.start('cleanUp', 'exactly-2', {})).result();
  expect(report.plan?.cleanupsTotal).toBe(1);
  expect(await other.query('select pubname from pg_publication')).toEqual([]);
});

test('a worker killed in the middle loses nothing: the next one goes on', async () => {
  const { name, other } = await shard();
  await makeLeftovers();
  const op = await stage.start('cleanUp', 'killed', { approval: 'required' });
  await op.until('awaiting approval', ({ state }) => state === 'awaiting-approval');
  await op.update('approve', { by: 'test' });
  await op.until('removing', ({ steps }) =>
    steps.some(({ name: step, state }) => /^(Let Citus|Remove)/.test(step) && state === 'running'),
  );
  await stage.restartWorker();
  const report = await op.result();
  expect(report.state).toBe('done');
  expect(report.steps.find(({ name: step }) => step === 'Verify')?.detail).toBe('4 of 4 leftovers gone');
  expect(await hasTable(other, name)).toBe(false);
  expect(await fingerprint(stage.cluster)).toEqual(before);
});

test('what can’t be removed parks the operation until somebody has seen to it', async () => {
  const { name, other } = await shard();
  await byHand(
    other,
    `create table ${name} (tenant_id bigint primary key)`,
    `create table kept (id bigint references ${name})`,
  );
  const op = await stage.start('cleanUp', 'parked', {});
  const { attention } = await op.until('parked', ({ state }) => state === 'needs-attention');
  expect(attention?.problem).toContain(`shard table public.${name} on ${other.address} can't be removed`);
  await byHand(other, 'drop table kept');
  await op.update('retry', { by: 'test' });
  expect((await op.result()).state).toBe('done');
  expect(await hasTable(other, name)).toBe(false);
});

test('beside a move that somebody else makes it doesn’t begin', async () => {
  const { shardId, home, other } = await shard();
  const release = await slowMoves(stage.cluster, 5);
  const [ids] = await stage.cluster.query<{ from: number; to: number }>(
    `select (select nodeid from pg_dist_node where nodeport = $1) as from, (select nodeid from pg_dist_node where nodeport = $2) as to`,
    [home.port, other.port],
  );
  const moving = stage.cluster.query(
    `select citus_move_shard_placement($1::int8, $2::int, $3::int, 'auto')`,
    [shardId, ids?.from, ids?.to],
  );
  await expect
    .poll(
      async () =>
        (
          await stage.cluster.query(
            `select from pg_stat_activity where query like 'select citus_move%' and state = 'active'`,
          )
        ).length,
    )
    .toBe(1);
  const op = await stage.start('cleanUp', 'beside', {});
  await expect(op.result()).rejects.toMatchObject({ cause: { type: 'ForeignJobRunning' } });
  await release();
  await moving;
  expect(await fingerprint(stage.cluster)).toEqual(before);
});

test('a server that died in the middle of a move, was taken out and is back, is cleaned, and shards move to it again', async () => {
  const { cluster } = stage;
  await cluster.query('call citus_cleanup_orphaned_resources()');
  const node = await cluster.addNode();
  const add = 'select citus_add_node($1, $2)';
  await cluster.query(add, [node.host, node.port]);
  await cluster.query('select replicate_reference_tables()');
  const release = await slowMoves(cluster, 20);
  const { shardId, home } = await shard();
  const [ids] = await cluster.query<{ from: number; to: number; group: number }>(
    `select (select nodeid from pg_dist_node where nodeport = $1) as from, nodeid as to, groupid as "group" from pg_dist_node where nodeport = $2`,
    [home.port, node.port],
  );
  const moving = cluster
    .query(`select citus_move_shard_placement($1::int8, $2::int, $3::int, 'auto')`, [
      shardId,
      ids?.from,
      ids?.to,
    ])
    .catch(() => undefined);
  const recorded = 'select from pg_dist_cleanup where node_group_id = $1';
  await expect
    .poll(async () => (await cluster.query(recorded, [ids?.group])).length, { timeout: 20_000 })
    .toBeGreaterThan(0);
  await node.kill();
  await release();
  await moving;
  await cluster.query('select citus_disable_node($1, $2, synchronous := true)', [node.host, node.port]);
  await expect
    .poll(
      async () =>
        (await cluster.query('select from pg_dist_node where nodeport = $1 and isactive', [node.port]))
          .length,
    )
    .toBe(0);
  await cluster.query('select citus_remove_node($1, $2)', [node.host, node.port]);
  await node.start();
  await cluster.query(add, [node.host, node.port]);

  const refused = await stage.start('rebalance', 'poisoned', {});
  await expect(refused.result()).rejects.toMatchObject({
    cause: { type: 'PreflightRefused', message: expect.stringContaining("can't be moved") as string },
  });
  const report = await (await stage.start('cleanUp', 'dirty', {})).result();
  expect(report.state).toBe('done');
  expect(report.plan?.cleanups?.map(({ kind }) => kind)).toContain('pg_dist_cleanup row');
  expect(report.notes.filter((note) => /still there|not removed/.test(note))).toEqual([]);
  const moved = await (await stage.start('rebalance', 'clean-again', {})).result();
  expect(moved.movedShardGroups).toBeGreaterThan(0);
  expect(await fingerprint(cluster)).toEqual(before);
});

test('what a node that is away holds is told, and the rest is removed', async () => {
  const { name, other } = await shard();
  await byHand(other, 'create publication citus_shard_move_publication_7_10_900');
  await putOff(stage.cluster, { name: `public.${name}`, groupId: 99 });
  const op = await stage.start('cleanUp', 'away', { approval: 'required' });
  await op.until('awaiting approval', ({ state }) => state === 'awaiting-approval');
  await other.stop('immediate');
  await op.update('approve', { by: 'test' });
  const report = await op.result();
  expect(report.state).toBe('done');
  expect(report.notes.join('\n')).toContain(
    `not removed, for ${other.address} doesn't answer: publication citus_shard_move_publication_7_10_900`,
  );
  expect(await stage.cluster.query('select from pg_dist_cleanup where node_group_id = 99')).toEqual([]);
  await other.start();
  const again = await (await stage.start('cleanUp', 'back', {})).result();
  expect(again.plan?.cleanups?.map(({ kind }) => kind)).toEqual(['publication']);
});
