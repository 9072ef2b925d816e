import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findFlavour, startCluster, type SandboxCluster, type SandboxNode } from '../../../sandbox/index.js';
import { readLeastPatience } from '../../../src/citus/moving/patience.js';
import { withCoordinator } from '../../../src/citus/session/connect.js';
import { moveActivities } from '../../../src/activities/moving/activities.js';
import type { BatchOrder, BatchResult } from '../../../src/activities/moving/move-group.js';
import { asActivity } from '../../support/activity-stage.js';
import { flavour } from '../../support/stage.js';
import { configOf } from '../connect/support.js';

const isCitus = findFlavour(flavour).flavour === 'citus';

let cluster: SandboxCluster;
let nodes: SandboxNode[];
const clients: pg.Client[] = [];

beforeAll(async () => {
  cluster = await startCluster({ workers: 3, flavour });
  nodes = cluster.workers;
  await cluster.query(`create table orders (id bigint primary key, note text)`);
  await cluster.query(`select create_distributed_table('orders', 'id', shard_count => 12)`);
  await cluster.query(`insert into orders select i, md5(i::text) from generate_series(1, 3000) i`);
});
afterAll(async () => {
  await Promise.all(clients.map((client) => client.end()));
  await cluster.stop();
});

async function connect({ login }: SandboxNode): Promise<pg.Client> {
  const client = new pg.Client(login);
  client.on('error', () => undefined);
  clients.push(client);
  await client.connect();
  return client;
}

/** Shards of `orders` on a worker. */
async function shardsOn(node: SandboxNode): Promise<number[]> {
  const rows = await cluster.query<{ id: number }>(
    `select shardid::int as id from pg_dist_shard join pg_dist_placement using (shardid) join pg_dist_node using (groupid)
      where logicalrelid = 'orders'::regclass and nodeport = $1 order by 1`,
    [node.port],
  );
  return rows.map(({ id }) => id);
}

function make(
  from: SandboxNode,
  to: SandboxNode,
  shardIds: number[],
  order: Partial<BatchOrder> = {},
  attempt = 1,
): Promise<BatchResult> {
  const config = configOf(cluster);
  return asActivity({ clusters: [config], attempt }, (context) =>
    moveActivities(context).moveShardGroups({
      cluster: config.name,
      lockId: 'lock',
      transferMode: 'auto',
      mode: 'logical',
      maxWriteStall: 5,
      from: from.address,
      to: to.address,
      shardIds,
      bytes: shardIds.map(() => 100_000),
      ...order,
    }),
  );
}

const [first, second, third] = [0, 1, 2].map((index) => () => {
  const node = nodes[index];
  if (!node) throw new Error('three workers were wanted');
  return node;
}) as [() => SandboxNode, () => SandboxNode, () => SandboxNode];

test('small shard groups move with writes blocked, each for less than the bound', async () => {
  const shardIds = (await shardsOn(first())).slice(0, 2);
  const result = await make(first(), second(), shardIds);
  expect(result).toMatchObject({
    movedShardGroups: 2,
    left: [],
    blocked: 2,
    blocking: { moves: 2, bytes: 200_000 },
  });
  expect(result.stallSeconds).toBeLessThan(5);
  expect(await shardsOn(second())).toEqual(expect.arrayContaining(shardIds));
});

test('what was moved with writes blocked is counted so, also together, and by a further attempt', async () => {
  const shardIds = (await shardsOn(first())).slice(0, 2);
  const order = { transferMode: 'block_writes', together: true } as const;
  const result = await make(first(), third(), shardIds, order);
  expect(result).toMatchObject({ movedShardGroups: 2, blocked: 2 });
  const again = await make(first(), third(), shardIds, order, 2);
  expect(again).toMatchObject({ movedShardGroups: 2, blocked: 2 });
  const online = await make(first(), third(), shardIds, { transferMode: 'force_logical' }, 2);
  expect(online.blocked).toBeUndefined();
});

test.skipIf(!isCitus)(
  'a copy that takes longer than the bound ends without effect, and is left',
  async () => {
    const [shardId = 0] = await shardsOn(second());
    const before = await cluster.query('select count(*), sum(hashtext(note)) from orders');
    await cluster.query(
      `insert into orders select i, repeat(md5(i::text), 20) from generate_series(100001, 400000) i where get_shard_id_for_distribution_column('orders', i) = ${shardId}`,
    );
    const full = await cluster.query('select count(*), sum(hashtext(note)) from orders');
    const result = await make(second(), first(), [shardId], { maxWriteStall: 0.02 });
    expect(result).toMatchObject({ movedShardGroups: 0, left: [shardId], cut: [{ shardId, by: 'size' }] });
    expect(await shardsOn(second())).toContain(shardId);
    expect(await cluster.query('select count(*), sum(hashtext(note)) from orders')).toEqual(full);
    // What the copy left is in nobody's way.
    expect(await make(second(), first(), [shardId])).toMatchObject({ movedShardGroups: 1, left: [] });
    await cluster.query('delete from orders where id > 100000');
    expect(await cluster.query('select count(*), sum(hashtext(note)) from orders')).toEqual(before);
  },
);

test.skipIf(!isCitus)(
  'an open transaction, here one that came in through a worker, holds up nobody else for good',
  async () => {
    const [shardId = 0] = await shardsOn(second());
    const rows = await cluster.query<{ id: string }>(
      `select id from orders where get_shard_id_for_distribution_column('orders', id) = ${shardId} order by 1 limit 2`,
    );
    const [mine, yours] = rows.map(({ id }) => id);
    const open = await connect(third());
    await open.query('begin');
    await open.query('update orders set note = note where id = $1', [mine]);
    const user = await connect(cluster.coordinator);
    const moving = make(second(), first(), [shardId], { maxWriteStall: 0.3 });
    const isOver = moving.then(() => true);
    // Each waits for the move at most until its bound; the last one comes after it.
    const writeOn = async (): Promise<boolean> => {
      await user.query('update orders set note = note where id = $1', [yours]);
      return Promise.race([isOver, Promise.resolve(false)]);
    };
    while (!(await writeOn()));
    expect(await moving).toMatchObject({ left: [shardId], cut: [{ shardId, by: 'lock' }] });
    await open.query('rollback');
    expect(await make(second(), first(), [shardId])).toMatchObject({ movedShardGroups: 1, left: [] });
  },
);

test('the time after which the statements of some role give up is known', async () => {
  const config = configOf(cluster);
  const read = (): Promise<number | undefined> =>
    withCoordinator(config, { applicationName: 'test' }, readLeastPatience);
  expect(await read()).toBeUndefined();
  await cluster.query(`create role application`);
  await cluster.query(`alter role application set statement_timeout = '1min'`);
  // A way to write it that only PostgreSQL reads says nothing, and is in nobody's way.
  await cluster.query(`alter role application in database template1 set lock_timeout = '0x64'`);
  await cluster.query(`alter role application in database ${cluster.database} set lock_timeout = '250ms'`);
  expect(await read()).toBe(0.25);
  await cluster.query('drop role application');
});

test.skipIf(!isCitus)(
  'nothing blocks writes while a commit would wait for a standby that is away',
  async () => {
    const [shardId = 0] = await shardsOn(second());
    const set = async (names: string): Promise<void> => {
      await third().query(`alter system set synchronous_standby_names = '${names}'`);
      await third().query('select pg_reload_conf()');
      await expect
        .poll(() => third().query('show synchronous_standby_names'))
        .toEqual([{ synchronous_standby_names: names }]);
    };
    await set('nobody');
    try {
      const moving = make(second(), first(), [shardId]);
      const user = await connect(cluster.coordinator);
      // Online, a move waits for that node in its commit: those who write do not.
      await expect
        .poll(async () => {
          await user.query(`update orders set note = note where id = 1`);
          const [row] = await cluster.query<{ n: number }>(
            `select count(*)::int as n from pg_stat_activity where application_name like '%:move:%' and state = 'active'`,
          );
          return row?.n;
        })
        .toBe(1);
      await set('');
      const result = await moving;
      expect(result).toMatchObject({ movedShardGroups: 1, left: [] });
      expect(result.blocking).toBeUndefined();
    } finally {
      await set('');
    }
  },
);
