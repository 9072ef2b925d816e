import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { findFlavour, startCluster, type SandboxCluster, type SandboxNode } from '../../../sandbox/index.js';
import type { Attention } from '../../../src/contract/index.js';
import { follow } from '../../support/follow-remedy.js';
import { startForeignJob } from '../../support/foreign-job.js';
import { slowMoves } from '../../support/slow-moves.js';
import { openSilentWay } from '../../support/silent-way.js';
import { flavour, mark } from '../../support/stage.js';
import { configOf } from '../connect/support.js';
import { move, movePid, openWrite, type Failed } from './support.js';

const isCitus = findFlavour(flavour).flavour === 'citus';
const patience = { timeout: 60_000, interval: 200 };

let cluster: SandboxCluster;
let source: SandboxNode;
let target: SandboxNode;
const afterwards: (() => unknown)[] = [];

/** Does what the first attention says. */
const followFirst = async ([attention]: (Attention | null)[], only?: RegExp): Promise<void> => {
  const text = attention?.remedies.map((remedy) => remedy.text).join('; ') ?? '';
  expect(await follow(cluster, text, { ...(only && { only }) })).not.toEqual([]);
};

beforeAll(async () => {
  cluster = await startCluster({ workers: 2, flavour });
  const [first, second] = cluster.workers;
  if (!first || !second) throw new Error('two workers were wanted');
  [source, target] = [first, second];
  await cluster.query(`create table orders (id bigint primary key, note text)`);
  await cluster.query(`select create_distributed_table('orders', 'id', shard_count => 24)`);
  await cluster.query(`insert into orders select i, md5(i::text) from generate_series(1, 2000) i`);
});
afterEach(async () => {
  for (const undo of afterwards.splice(0).reverse()) await undo();
});
afterAll(() => cluster.stop());

test('a frozen target is named, whether the move waits for it or has given it up', async () => {
  afterwards.push(await slowMoves(cluster, 8));
  const moving = await move(cluster, source, target);
  await movePid(cluster, moving.shardId);
  target.freeze();
  afterwards.push(() => target.thaw());
  let end: string | Failed | undefined;
  void moving.end.then((ended) => {
    end = ended;
  });
  const said = (): unknown => (typeof end === 'object' ? end.message : moving.message());
  await expect.poll(said, patience).toMatch(new RegExp(`^${target.address}, the target, gives no answer`));
  if (end === undefined) {
    await expect.poll(() => end ?? moving.told.length, patience).not.toBe(0);
    if (moving.told[0])
      expect(JSON.stringify(moving.told[0].remedies)).toContain(`bring ${target.address} back`);
  } else expect(end).toMatchObject({ type: 'Passing' });
});

test('a target that dies is named in what is tried again', async () => {
  const release = await slowMoves(cluster, 4);
  const moving = await move(cluster, source, target);
  await movePid(cluster, moving.shardId);
  await target.kill();
  await release();
  afterwards.push(() => target.start());
  expect(await moving.end).toMatchObject({ type: 'Passing' });
  // At that very moment its end may not be seen by everybody yet, and the first move may still hold its lock.
  await expect
    .poll(async () => (await move(cluster, source, target)).end, patience)
    .toMatchObject({ type: 'Passing', message: `${target.address}, the target, can't be reached` });
});

test('a move that someone else cancels waits for a person, and is not begun again by itself', async () => {
  afterwards.push(await slowMoves(cluster, 8));
  const moving = await move(cluster, source, target);
  await cluster.query('select pg_cancel_backend($1::int)', [await movePid(cluster, moving.shardId)]);
  expect(await moving.end).toMatchObject({
    type: 'NeedsPerson',
    nonRetryable: true,
    message: expect.stringMatching(/^the move of shard \d+ from .* was cancelled by someone else$/) as string,
  });
});

test('our own cancel is nobody else’s', async () => {
  afterwards.push(await slowMoves(cluster, 8));
  const moving = await move(cluster, source, target);
  await movePid(cluster, moving.shardId);
  moving.stop();
  expect(await moving.end).toBe('cancelled');
});

test('a coordinator that shuts down passes', async () => {
  afterwards.push(await slowMoves(cluster, 8));
  const moving = await move(cluster, source, target);
  await movePid(cluster, moving.shardId);
  await cluster.coordinator.stop('fast');
  afterwards.push(() => cluster.coordinator.start());
  expect(await moving.end).toMatchObject({ type: 'Passing' });
});

test('a move whose answer is lost on the way counts as ended, and who made it looks', async () => {
  // The moves before have left some, and which is moved next may be theirs.
  await cluster.query('call citus_cleanup_orphaned_resources()');
  const release = await slowMoves(cluster, 4);
  const way = await openSilentWay(cluster.coordinator.port);
  afterwards.push(() => way.close());
  const moving = await move(
    cluster,
    source,
    target,
    null,
    configOf(cluster, { coordinator: { port: way.port } }),
  );
  await movePid(cluster, moving.shardId);
  way.silence();
  await release();
  expect(await moving.end).toBe('adopted');
  const [row] = await cluster.query<{ port: number }>(
    'select nodeport as port from pg_dist_placement join pg_dist_node using (groupid) where shardid = $1',
    [moving.shardId],
  );
  expect(row?.port).toBe(target.port);
});

test('a target that shall have no shards any more is told with the statement that changes it', async () => {
  await mark(cluster, target, false);
  afterwards.push(() => mark(cluster, target, true));
  const end = await (await move(cluster, source, target)).end;
  expect(end).toMatchObject({
    type: 'NeedsPerson',
    message: `${target.address} was marked meanwhile as a node that shall have no shards`,
    details: [
      {
        remedies: [
          { action: 'retry', text: expect.stringContaining('citus_set_node_property') as string },
          expect.anything(),
        ],
      },
    ],
  });
  await followFirst(
    typeof end === 'string' ? [] : [{ problem: '', evidence: '', remedies: end.details[0].remedies }],
  );
  expect(await (await move(cluster, source, target)).end).toBe('ended');
});

test('a job of someone else that holds the lock is named', async () => {
  const { job, end } = await startForeignJob(cluster);
  afterwards.push(end);
  // The job drains the last worker.
  const [busy] = await cluster.query<{ shard: number }>(
    'select min(shardid)::int as shard from get_rebalance_progress()',
  );
  const moving = await move(cluster, target, source, busy?.shard);
  expect(await moving.end).toMatchObject({
    type: 'Passing',
    message: expect.stringContaining(
      `Citus has locked this shard group for another move or job: background job ${job}`,
    ) as string,
    details: [
      {
        remedies: expect.arrayContaining([
          { text: `or end it, on the coordinator: SELECT citus_job_cancel(${job});` },
        ]) as object[],
      },
    ],
  });
});

describe.skipIf(!isCitus)('with logical replication (real Citus)', () => {
  test('an open transaction on the source is named: process, node, application, user and command, no statement', async () => {
    const client = await openWrite(source, 'postgres', 'forgotten session');
    afterwards.push(() => client.end());
    const moving = await move(cluster, source, target);
    await expect
      .poll(moving.message, patience)
      .toMatch(
        new RegExp(`^waits for a transaction of process \\d+ on ${source.address}, open since 20.*Z$`),
      );
    await expect.poll(() => moving.told.length, patience).toBe(1);
    expect(moving.told[0]?.evidence).toMatch(
      /application forgotten session, user postgres, database postgres, idle in transaction, last command INSERT, since/,
    );
    expect(moving.told[0]?.evidence).not.toContain('written');
    await followFirst(moving.told);
    expect(await moving.end).toBe('ended');
    expect(moving.told.at(-1)).toBeNull();
  });

  test('a transaction that came through the coordinator is named there, where it can be ended', async () => {
    const client = await openWrite(cluster.coordinator, cluster.database, 'shop');
    afterwards.push(() => client.end());
    await client.query(`update orders set note = 'changed'`);
    const moving = await move(cluster, source, target);
    const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
    await expect
      .poll(moving.message, patience)
      .toContain(`waits for a transaction of process ${rows[0]?.pid} on ${cluster.coordinator.address}`);
    await client.query('rollback');
    expect(await moving.end).toBe('ended');
  });

  test('a prepared transaction is named by its id, with what ends it', async () => {
    const client = await openWrite(source, cluster.database, 'two phases');
    await client.query(`prepare transaction 'left behind'`);
    await client.end();
    afterwards.push(() => source.query(`rollback prepared 'left behind'`).catch(() => undefined));
    const moving = await move(cluster, source, target);
    await expect
      .poll(moving.message, patience)
      .toContain(`waits for the prepared transaction left behind on ${source.address}`);
    await expect.poll(() => moving.told.length, patience).toBe(1);
    await followFirst(moving.told, /^ROLLBACK PREPARED 'left behind'/);
    expect(await moving.end).toBe('ended');
  });

  test('a target without worker processes for logical replication can’t go on by itself, and the move is ended', async () => {
    await target.query('alter system set max_logical_replication_workers = 0');
    await target.stop();
    await target.start();
    afterwards.push(async () => {
      await target.query('alter system reset max_logical_replication_workers');
      await target.stop();
      await target.start();
    });
    const moving = await move(cluster, source, target);
    expect(await moving.end).toMatchObject({
      type: 'NeedsPerson',
      message: expect.stringContaining('max_logical_replication_workers = 0') as string,
    });
  });

  test('replication slots that are used up are counted, and it is tried again', async () => {
    await cluster.query('call citus_cleanup_orphaned_resources()');
    await source.query(
      `select pg_create_physical_replication_slot('taken_' || i) from generate_series(1, (select current_setting('max_replication_slots')::int - count(*) from pg_replication_slots)) i`,
    );
    afterwards.push(() =>
      source.query(
        `select pg_drop_replication_slot(slot_name) from pg_replication_slots where slot_name ~ '^taken_'`,
      ),
    );
    const moving = await move(cluster, source, target);
    expect(await moving.end).toMatchObject({
      type: 'Passing',
      message: `the replication slots of ${source.address} are used up (max_replication_slots)`,
    });
  });

  test('a target without room waits for a person, with figures', async () => {
    await cluster.query('alter system set citus.desired_percent_disk_available_after_move = 99');
    await cluster.query('select pg_reload_conf()');
    afterwards.push(async () => {
      await cluster.query('alter system reset citus.desired_percent_disk_available_after_move');
      await cluster.query('select pg_reload_conf()');
    });
    const moving = await move(cluster, source, target);
    expect(await moving.end).toMatchObject({
      type: 'NeedsPerson',
      message: `there is not enough free disk space on ${target.address}`,
      details: [{ evidence: expect.arrayContaining([expect.stringMatching(/free of/)]) as string[] }],
    });
  });
});
