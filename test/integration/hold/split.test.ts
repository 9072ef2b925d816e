import pg from 'pg';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checksum, loadData } from '../../../sandbox/data.js';
import { findFlavour } from '../../../sandbox/flavour.js';
import { startCluster, type SandboxCluster, type SandboxNode } from '../../../sandbox/index.js';
import { holdTraffic, usualTimes, type HoldResult } from '../../../src/activities/hold/hold-traffic.js';
import type { UndoResult } from '../../../src/activities/undo/undo-entry.js';
import { addClone, awaitWorker, promoteAndSplit } from '../../../src/citus/hold/split.js';
import { prepareHold, takeHold } from '../../../src/citus/hold/take.js';
import { type Db } from '../../../src/citus/session/db.js';
import type { HoldEntry } from '../../../src/contract/internal/undo.js';
import { flavour } from '../../support/stage.js';
import { configOf } from '../connect/support.js';
import { OpenSessions, session, undoHold } from './support.js';

let cluster: SandboxCluster;
let source: SandboxNode;
let other: SandboxNode;
const sessions = new OpenSessions();

async function entryFor(clone: SandboxNode): Promise<HoldEntry> {
  const [row] = await cluster.query<{ id: number }>(
    'select nodeid as id from pg_dist_node where nodeport = $1',
    [source.port],
  );
  return {
    id: 'hold',
    kind: 'hold',
    node: source.address,
    nodeId: row?.id ?? 0,
    clone: clone.address,
    before: { recovery: null, syncRetry: null },
    session,
    servers: [other.address, source.address, clone.address],
    slot: `standby_${clone.port}`,
    splits: true,
  };
}

async function split(clone: SandboxNode, share = 0.5): Promise<HoldResult> {
  const look = { applicationName: 'citus-scaler:look:000000000000:hold' };
  const register = {
    applicationName: 'citus-scaler:000000000000:register',
    statementTimeoutSeconds: 0,
    lockTimeoutSeconds: 1,
  };
  return holdTraffic(
    configOf(cluster),
    { entry: await entryFor(clone) },
    {
      mayAct: () => Promise.resolve(),
      stop: new AbortController().signal,
      look,
      split: { share, register },
    },
  );
}

const undone = async (clone: SandboxNode): Promise<UndoResult | undefined> =>
  undoHold(cluster, await entryFor(clone));

const left = (node: SandboxNode) => sessions.left(node);

async function holdEverywhere(): Promise<Db> {
  const coordinator = await left(cluster.coordinator);
  for (const db of [coordinator, await left(other), await left(source)]) {
    await prepareHold(db, usualTimes);
    await takeHold(db, usualTimes, db === coordinator);
  }
  await coordinator.query('set local statement_timeout = 0');
  return coordinator;
}

const register = async (clone: SandboxNode): Promise<void> =>
  addClone(await left(cluster.coordinator), clone.address, source.address);
const nodes = (): Promise<unknown[]> =>
  cluster.query(
    'select nodeport, nodeisclone, isactive, shouldhaveshards from pg_dist_node order by nodeport',
  );
const placements = (server: Pick<SandboxNode, 'query'> = cluster): Promise<unknown[]> =>
  server.query('select shardid, groupid from pg_dist_placement order by 1, 2');
const shardsOf = async (server: SandboxNode): Promise<number> =>
  (
    await cluster.query<{ n: number }>(
      `select count(*)::int as n from pg_dist_placement p join pg_dist_node using (groupid)
         join pg_dist_shard using (shardid) join pg_dist_partition d using (logicalrelid)
        where nodeport = $1 and d.partmethod = 'h'`,
      [server.port],
    )
  )[0]?.n ?? 0;
const slots = async (): Promise<string[]> =>
  (await source.query<{ name: string }>('select slot_name as name from pg_replication_slots')).map(
    ({ name }) => name,
  );
const fenced = /is not currently accepting connections/;

/** Inserts through each server, until stopped; only what was acknowledged counts. */
function startInserts(name: string, servers: SandboxNode[]) {
  let running = true;
  const result = { stored: 0, errors: [] as string[], slowest: 0 };
  const loops = servers.map(async (server, index) => {
    const client = new pg.Client(server.login);
    client.on('error', () => undefined);
    await client.connect();
    for (let i = 0; running; i += 1) {
      const began = performance.now();
      await client.query(`insert into events values ($1, $2, $3)`, [`${name} ${index} ${i}`, i, name]).then(
        () => (result.stored += 1),
        (error: unknown) => result.errors.push(String(error)),
      );
      result.slowest = Math.max(result.slowest, performance.now() - began);
    }
    await client.end();
  });
  return async () => {
    running = false;
    await Promise.all(loops);
    return result;
  };
}

describe.runIf(findFlavour(flavour).flavour === 'citus')('a clone that takes a part of the shards', () => {
  beforeAll(async () => {
    cluster = await startCluster({ workers: 2, flavour });
    await loadData(cluster, { shards: 8, tenants: 20, events: 40 });
    await cluster.query('create table numbered (id bigserial primary key, key bigint)');
    await cluster.query(`select create_distributed_table('numbered', 'id')`);
    const [first, second] = cluster.workers;
    if (!first || !second) throw new Error('no workers');
    [source, other] = [first, second];
  });
  afterAll(async () => {
    await sessions.end();
    await cluster.stop();
  });

  test('whatever stops it before the commit, nothing has changed, and a promoted clone is thrown away', async () => {
    const [before, where] = [await nodes(), await placements()];
    const follower = await cluster.standbyOf(source);
    expect(await undone(follower)).toEqual({ notes: [] });
    await register(follower);
    expect(await nodes()).not.toEqual(before);
    expect(await undone(follower)).toEqual({ notes: [] });
    expect(await nodes()).toEqual(before);
    await register(follower);
    await holdEverywhere();
    expect(await undone(follower)).toEqual({ notes: [] });
    expect([await nodes(), await placements()]).toEqual([before, where]);
    expect(await follower.query('select pg_is_in_recovery() as follows')).toEqual([{ follows: true }]);

    expect(await slots()).toContain(`standby_${follower.port}`);

    await expect(split(follower, 0.9)).rejects.toMatchObject({ type: 'PlanChanged' });
    expect(await undone(follower)).toEqual({ notes: [] });

    await register(follower);
    await promoteAndSplit(await holdEverywhere(), follower.address, 20);
    const result = await undone(follower);
    expect(result?.notes).toEqual([expect.stringContaining('was promoted in vain and is fenced') as string]);
    await expect(follower.query('select 1')).rejects.toThrow(fenced);
    expect(await slots()).not.toContain(`standby_${follower.port}`);
    expect([await nodes(), await placements()]).toEqual([before, where]);
    const insert = `insert into events select 'd' || i, i, 'w' from generate_series(1, 40) i`;
    await Promise.all([cluster.query(insert), other.query(insert.replace(`'d'`, `'e'`))]);
    await follower.stop();
  });

  test('a registration that somebody is in the way of lets go, and is tried again', async () => {
    const [clone, before] = [await cluster.standbyOf(source), await placements()];
    const busy = await left(cluster.coordinator);
    await busy.client.query(`set application_name = 'somebody'`);
    await busy.query('begin');
    await busy.query(`update public.plans set name = 'slow' where plan_id = 1`);
    const refusal = expect(split(clone, 0.9)).rejects.toMatchObject({ type: 'PlanChanged' });
    await sleep(2_500);
    const waiting = `select from pg_stat_activity where wait_event_type = 'Lock' and state <> 'idle'`;
    await expect.poll(() => cluster.query(waiting), { timeout: 5_000 }).toEqual([]);
    await busy.query('rollback');
    await refusal;
    expect(await undone(clone)).toEqual({ notes: [] });
    expect(await placements()).toEqual(before);
    await clone.stop();
  });

  test('a promotion that is on its way when it is looked at is not taken for a standby', async () => {
    const clone = await cluster.standbyOf(source);
    await register(clone);
    const [startup] = await clone.query<{ pid: number }>(
      `select pid from pg_stat_activity where backend_type = 'startup'`,
    );
    if (!startup) throw new Error('it is no standby');
    process.kill(startup.pid, 'SIGSTOP');
    await clone.query('select pg_promote(false)');
    const undoing = undone(clone);
    await sleep(1_500);
    process.kill(startup.pid, 'SIGCONT');
    expect((await undoing)?.notes).toEqual([
      expect.stringContaining('was promoted in vain and is fenced') as string,
    ]);
    await expect(clone.query('select 1')).rejects.toThrow(fenced);
    await clone.stop();
  });

  test('a dead clone is taken out of the metadata first', async () => {
    const [clone, before] = [await cluster.standbyOf(source), await nodes()];
    await register(clone);
    await clone.kill();
    await expect(undone(clone)).rejects.toThrow();
    expect(await nodes()).toEqual(before);
    await clone.start();
    expect(await undone(clone)).toEqual({ notes: [] });
    await clone.stop();
  });

  test('a worker keeps its locks while what the coordinator prepared there is undecided', async () => {
    const db = await left(other);
    const prepared = await sessions.connect(other);
    await prepared.query(`begin; create table undecided (); prepare transaction 'citus_0_999999_1_1'`);
    let told: boolean | undefined;
    const waiting = awaitWorker(db, '127.0.0.1:1', 100).then((answer) => (told = answer));
    await sleep(600);
    expect(told).toBeUndefined();
    await prepared.query(`rollback prepared 'citus_0_999999_1_1'`);
    expect(await waiting).toBe(false);
  });

  test('under load through every server no acknowledged row is lost, and its sequences are its own', async () => {
    const clone = await cluster.standbyOf(source);
    const [before, total] = [await checksum(cluster), await shardsOf(source)];
    const stop = startInserts('load', [cluster.coordinator, other, other, source]);
    await sleep(1_000);
    const { heldMs } = await split(clone);
    await sleep(1_000);
    const { stored, errors, slowest } = await stop();
    expect(errors).toEqual([]);
    expect(await slots()).not.toContain(`standby_${clone.port}`);
    expect(heldMs).toBeLessThan(3_000);
    expect(slowest).toBeLessThan(4_000);
    const counted = await cluster.query<{ n: number }>(
      `select count(*)::int as n from events where payload = 'load'`,
    );
    expect(counted[0]?.n).toBe(stored);
    const after = await checksum(cluster);
    expect({ ...after, events: 0 }).toEqual({ ...before, events: 0 });
    const [here, there] = [await shardsOf(source), await shardsOf(clone)];
    expect(here + there).toBe(total);
    expect(Math.min(here, there)).toBeGreaterThan(0);
    for (const server of [other, source, clone]) expect(await placements(server)).toEqual(await placements());
    // Found made, its answer lost; and not undone.
    expect(await split(clone)).toEqual({ tries: 0 });
    expect((await undone(clone))?.notes).toEqual([expect.stringContaining("can't be undone") as string]);
    const recovery = `select setting from pg_file_settings where name = 'citus.recover_2pc_interval'`;
    expect(await clone.query(recovery)).toEqual([]);
  });
});
