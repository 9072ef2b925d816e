import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { expect } from 'vitest';
import { openCluster } from '../../sandbox/cluster/cluster.js';
import type { SandboxCluster } from '../../sandbox/index.js';
import type { ScaleOutInput } from '../../src/contract/index.js';
import { lateMs } from './late.js';
import { midMoveOf } from './slow-moves.js';
import type { Operation, Stage } from './stage.js';

export interface OpenTransaction {
  /** Its process at the coordinator. */
  pid: number;
  /** Takes it back. */
  release: () => Promise<void>;
}

/**
 * Somebody's open transaction at the coordinator, in which all may read which nodes there are and nobody may change
 * that: registering, deregistering and marking wait for it.
 */
export async function holdNodes({ coordinator }: SandboxCluster): Promise<OpenTransaction> {
  const client = new pg.Client({ ...coordinator.login, application_name: 'somebody' });
  client.on('error', () => undefined);
  await client.connect();
  await client.query('begin');
  await client.query('lock table pg_dist_node in share row exclusive mode');
  const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
  return { pid: rows[0]?.pid ?? 0, release: () => client.end().catch(() => undefined) };
}

/** What sessions of ours are at on the coordinator, whoever waits for it; those that only look are left out. */
export async function oursAtServer(cluster: SandboxCluster): Promise<string[]> {
  const rows = await cluster.query<{ what: string }>(
    `select pid || ' ' || application_name || ': ' || left(query, 80) as what from pg_stat_activity
      where application_name like 'citus-scaler:%' and application_name not like 'citus-scaler:look:%'
        and application_name not like '%:watch' and state <> 'idle' order by 1`,
  );
  return rows.map(({ what }) => what);
}

/** Waits until a statement of ours with this text waits for somebody's lock. */
export async function untilItWaits(cluster: SandboxCluster, text: string): Promise<void> {
  const waiting = () =>
    cluster.query(
      `select from pg_stat_activity where application_name like 'citus-scaler:%' and query like '%' || $1 || '%'
          and wait_event_type = 'Lock'`,
      [text],
    );
  await expect.poll(waiting, { timeout: 60_000, interval: 100 }).toHaveLength(1);
}

/** Nodes besides the coordinator: `host:port`, and what Citus takes them for. */
export async function nodesOf(cluster: SandboxCluster): Promise<Record<string, string>> {
  const rows = await cluster.query<{ node: string; flags: string }>(
    `select nodename || ':' || nodeport as node,
            concat_ws(' ', case when isactive then 'active' else 'inactive' end, case when shouldhaveshards then 'shards' end) as flags
       from pg_dist_node where groupid > 0 order by 1`,
  );
  return Object.fromEntries(rows.map(({ node, flags }) => [node, flags]));
}

/** Which shards are where. */
export async function placementsOf(cluster: SandboxCluster): Promise<string[]> {
  const rows = await cluster.query<{ placement: string }>(
    `select shardid || ' on ' || groupid as placement from pg_dist_placement order by shardid, groupid`,
  );
  return rows.map(({ placement }) => placement);
}

/** Servers that the provisioner made: `host:port runs` or `host:port stopped`. */
export function machinesOf({ folder }: { folder: string }): string[] {
  return openCluster(folder)
    .workers.filter(({ key }) => key !== undefined)
    .map((node) => `${node.address} ${node.isRunning() ? 'runs' : 'stopped'}`);
}

/** What the provisioner was asked to do, a line each: `start KEY NODE`, `stop KEY NODE`. */
export function provisionerLog({ folder }: Stage): string[] {
  const file = join(folder, 'provisioner.log');
  return existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : [];
}

/** It is so, and still is when all that was begun at a server has had the time to show. */
export async function expectNowAndLater<T>(read: () => T | Promise<T>, expected: T): Promise<void> {
  expect(await read()).toEqual(expected);
  await sleep(lateMs);
  expect(await read(), `${lateMs / 1_000} s later`).toEqual(expected);
}

export async function expectCancelled(op: Operation): Promise<void> {
  await expect(op.result()).rejects.toThrow(/cancel/i);
  expect((await op.status()).state).toBe('cancelled');
}

/** A scale-out whose `citus_add_node` waits for somebody's transaction. */
export async function registering(
  stage: Stage,
  id: string,
  input: Partial<ScaleOutInput> = { add: 1 },
): Promise<{ op: Operation; holder: OpenTransaction }> {
  const op = await stage.scaleOut(id, { ...input, approval: 'required' });
  // Not earlier: a plan with nodes that don't exist yet tries them out in a transaction that it takes back.
  await op.until('awaiting approval', ({ state }) => state === 'awaiting-approval');
  const holder = await holdNodes(stage.cluster);
  await op.update('approve', { by: 'test' });
  await untilItWaits(stage.cluster, 'citus_add_node');
  return { op, holder };
}

/** A drain of the last worker in the middle of its first move. */
export function midDrain(stage: Stage, id: string, standInSeconds = 12): ReturnType<typeof midMoveOf> {
  const nodes = [stage.cluster.workers.at(-1)?.address ?? ''];
  return midMoveOf(
    stage,
    () => stage.start('drainWorker', id, { nodes, approval: 'required', parallelMoves: 1 }),
    standInSeconds,
  );
}

/** The lock keepers that run. */
export async function lockKeepers({ client }: Stage): Promise<string[]> {
  const found: string[] = [];
  for await (const { workflowId } of client.workflow.list({
    query: `WorkflowType = 'lockCluster' and ExecutionStatus = 'Running'`,
  }))
    found.push(workflowId);
  return found;
}

/** The keeper of an operation that is gone has done its work, and the cluster is free. */
export async function untilUnlocked(stage: Stage, seconds = 60): Promise<void> {
  await expect.poll(() => lockKeepers(stage), { timeout: seconds * 1_000, interval: 200 }).toEqual([]);
}
