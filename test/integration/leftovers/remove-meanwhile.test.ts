import { afterAll, beforeAll, expect, test } from 'vitest';
import { withClient, type SandboxCluster } from '../../../sandbox/index.js';
import type { Finding } from '../../../src/activities/leftovers/finding.js';
import { removeAll } from '../../../src/activities/leftovers/remove-all.js';
import { byHand, hasTable, putOff, type PlacedShard } from '../../support/make-leftovers.js';
import { asScaler, findToRemove, moveShard, ordersIn, remove, shardOf, startWithOrders } from './support.js';

/** What changes between the look and the removal. */
let cluster: SandboxCluster;
beforeAll(async () => {
  cluster = await startWithOrders();
});
afterAll(() => cluster.stop());

test('a table that somebody uses is waited for no longer than a second', async () => {
  const { other, name } = await shardOf(cluster);
  await byHand(other, `create table ${name} (id bigint primary key, note text)`);
  const found = await findToRemove(cluster);
  await withClient(other.login, async (client) => {
    await client.query('begin');
    await client.query(`select from ${name}`);
    expect(await remove(cluster, found)).toEqual([expect.stringContaining('lock timeout')]);
    await client.query('rollback');
  });
  expect(await remove(cluster, found)).toEqual([undefined]);
});

test('what got rows since it was seen is never dropped, and what proves that a table may go stays as long as the table', async () => {
  const { other, name } = await shardOf(cluster);
  await byHand(other, `create table ${name} (id bigint primary key, note text)`);
  const found = await findToRemove(cluster);
  expect(found).toHaveLength(1);
  await byHand(other, `insert into ${name} values (1, 'written meanwhile')`);
  expect(await remove(cluster, found)).toEqual([expect.stringContaining('it holds rows by now')]);
  expect(await hasTable(other, name)).toBe(true);

  await putOff(cluster, { name: `public.${name}`, groupId: 99 });
  const covered = await findToRemove(cluster);
  expect(covered.map(({ kind }) => kind)).toEqual(['shard table', 'pg_dist_cleanup row']);
  const all = () =>
    asScaler(cluster, (db) =>
      removeAll(db, covered, { find: () => findToRemove(cluster), mayAct: () => Promise.resolve() }),
    );
  await withClient(other.login, async (client) => {
    await client.query('begin');
    await client.query(`select from ${name}`);
    await expect(all()).rejects.toThrow('lock timeout');
    await client.query('rollback');
  });
  expect((await findToRemove(cluster)).map(({ kind }) => kind)).toEqual([
    'shard table',
    'pg_dist_cleanup row',
  ]);
  expect(await all()).toEqual({ notes: [] });
  expect(await findToRemove(cluster)).toEqual([]);
});

test('what becomes doubtful between two rounds ends the rounds', async () => {
  const { address } = (await shardOf(cluster)).other;
  const item = { kind: 'shard table', node: address, name: 'public.t_102008', how: '' } as const;
  const refused = { ...item, name: 'public.t_102009' };
  let looks = 0;
  const looking = (): Promise<Finding[]> => {
    looks += 1;
    if (looks > 10) throw new Error('it goes round and round');
    return Promise.resolve([
      looks === 1 ? { ...item, remove: () => Promise.resolve(undefined) } : item,
      { ...refused, remove: () => Promise.resolve({ obsolete: false, why: 'lock timeout' }) },
    ]);
  };
  await expect(
    asScaler(cluster, (db) =>
      removeAll(db, [item, refused], { find: looking, mayAct: () => Promise.resolve() }),
    ),
  ).rejects.toThrow(`public.t_102009 on ${address} can't be removed yet: lock timeout`);
});

test('what has become a placement since it was seen is never dropped', async () => {
  const shard = await shardOf(cluster);
  const { name, home, other } = shard;
  await byHand(other, `create table ${name} (id bigint primary key, note text)`);
  const found = await findToRemove(cluster);
  expect(found).toHaveLength(1);
  await moveShard(cluster, shard, home.port, other.port);
  expect(await remove(cluster, found)).toEqual(['it is a placement by now']);
  expect(await hasTable(other, name)).toBe(true);
  expect(await ordersIn(cluster)).toBe(2000);
  await cluster.query('call citus_cleanup_orphaned_resources()');
  await moveShard(cluster, shard, other.port, home.port);
  await cluster.query('call citus_cleanup_orphaned_resources()');
  expect(await findToRemove(cluster)).toEqual([]);
});

test('while shards move there and back, their leftovers are dropped and nothing that lives', async () => {
  const shard = await shardOf(cluster);
  const { name, home, other } = shard;
  await byHand(other, `create table ${name} (id bigint primary key, note text)`);
  const stale = await findToRemove(cluster);
  const answers = new Set<string | undefined>();
  const over = new AbortController();
  const removing = (async () => {
    while (!over.signal.aborted)
      for (const answer of await remove(cluster, [...stale, ...(await findToRemove(cluster))]))
        answers.add(answer);
  })();
  for (let times = 0; times < 4; times += 1) {
    await moveOnceFree(shard, home.port, other.port);
    expect(await ordersIn(cluster)).toBe(2000);
    await moveOnceFree(shard, other.port, home.port);
    expect(await ordersIn(cluster)).toBe(2000);
  }
  over.abort();
  await removing;
  expect(await hasTable(home, name)).toBe(true);
  expect(await ordersIn(cluster)).toBe(2000);
  expect(
    [...answers].filter(
      (answer) =>
        answer !== undefined && !/placement|a move makes it|another table|lock timeout/.test(answer),
    ),
  ).toEqual([]);
  expect(answers.size).toBeGreaterThan(1);
});

/** Citus itself drops what is left of an earlier move first, and refuses the move where somebody else is just dropping that. */
async function moveOnceFree(shard: PlacedShard, from: number, to: number): Promise<void> {
  for (let times = 1; ; times += 1)
    try {
      await moveShard(cluster, shard, from, to);
      return;
    } catch (error) {
      if (times === 20 || !/leftover from the previous move could not be cleaned up/.test(String(error)))
        throw error;
    }
}
