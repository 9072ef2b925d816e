import { afterAll, beforeAll, expect, test } from 'vitest';
import { checksum, loadData } from '../../sandbox/data.js';
import { startLoad } from '../../sandbox/load.js';
import type { SandboxNode } from '../../sandbox/index.js';
import type { ReplaceWorkerInput } from '../../src/contract/index.js';
import { holdNodes, untilItWaits, untilUnlocked } from '../support/undo.js';
import { setStage, type Operation, type Stage } from '../support/stage.js';

let stage: Stage;
let worker: SandboxNode;
let other: SandboxNode;
beforeAll(async () => {
  stage = await setStage({ load: (cluster) => loadData(cluster, { shards: 4, tenants: 40, events: 100 }) });
  const [first, second] = stage.cluster.workers;
  if (!first || !second) throw new Error('no workers');
  [worker, other] = [first, second];
});
afterAll(() => stage.end());

const replace = (id: string, input: Omit<ReplaceWorkerInput, 'cluster'>): Promise<Operation> =>
  stage.start('replaceWorker', id, { ifBusy: 'wait', ...input });

async function refusalOf(id: string, input: Omit<ReplaceWorkerInput, 'cluster'>): Promise<string> {
  const error: unknown = await (await replace(id, input)).result().catch((thrown: unknown) => thrown);
  const { cause } = error as { cause?: { type: string; message: string } };
  expect(cause?.type).toBe('PreflightRefused');
  return cause?.message ?? '';
}

const placements = (): Promise<unknown[]> =>
  stage.cluster.query('select shardid, groupid from pg_dist_placement order by 1, 2');
const nodes = (): Promise<unknown[]> =>
  stage.cluster.query('select nodeid, nodeport, isactive from pg_dist_node order by 1');

test('what is no standby of the worker, and what is no worker, is refused, and nothing changes', async () => {
  const [stranger, ofOther] = [await stage.cluster.addNode(), await stage.cluster.standbyOf(other)];
  const before = await nodes();
  const node = worker.address;
  expect(
    await refusalOf('coordinator', { node: stage.cluster.coordinator.address, with: ofOther.address }),
  ).toMatch(/replaced-worker: .* is the coordinator/);
  expect(await refusalOf('unknown', { node: 'db99:5432', with: ofOther.address })).toMatch(
    /replaced-worker: db99:5432 is no node of this cluster/,
  );
  expect(await refusalOf('stranger', { node, with: stranger.address })).toMatch(
    /replacement: .* is no copy of .*: its system identifier is/,
  );
  expect(await refusalOf('of-another', { node, with: ofOther.address })).toMatch(
    /replacement: .* is no copy of/,
  );
  expect(await refusalOf('worker', { node, with: other.address })).toMatch(/is a worker of this cluster/);
  expect(await refusalOf('away', { node, with: '127.0.0.1:1' })).toMatch(
    /replacement: 127.0.0.1:1 can't be looked at/,
  );
  const promoted = await stage.cluster.standbyOf(worker);
  await promoted.query('select pg_promote(true, 20)');
  expect(await refusalOf('promoted', { node, with: promoted.address })).toMatch(
    /is no standby: it takes writes/,
  );
  expect(await nodes()).toEqual(before);
  await Promise.all([stranger, ofOther, promoted].map((server) => server.stop()));
});

test('a standby takes the place of its worker under load: nothing fails, no shard moves, no row is missing', async () => {
  const clone = await stage.cluster.standbyOf(worker);
  const [before, where] = [await checksum(stage.cluster), await placements()];
  const dry = await (
    await replace('dry', { node: worker.address, with: clone.address, dryRun: true })
  ).result();
  expect(dry.plan?.replacement).toMatchObject({ node: worker.address, clone: clone.address });
  expect(dry.plan).toMatchObject({
    movesTotal: 0,
    removedWorkers: [worker.address],
    newWorkers: [clone.address],
  });

  const load = startLoad(stage.cluster.coordinator, { clients: 2, transactionsPerSecond: 30, tenants: 40 });
  const report = await (await replace('clone', { node: worker.address, with: clone.address })).result();
  const { failed, messages, inserted } = await load.stop();
  expect(report).toMatchObject({ state: 'done', removed: [worker.address] });
  expect(report.steps.map(({ state }) => state)).toEqual([
    'done',
    'done',
    'done',
    'skipped',
    'done',
    'skipped',
    'done',
  ]);
  expect({ failed, messages }).toEqual({ failed: 0, messages: {} });
  expect(await placements()).toEqual(where);
  const after = await checksum(stage.cluster);
  expect(after.orders.rows).toBe(before.orders.rows + inserted);
  expect({ ...after, orders: 0, tenants: 0 }).toEqual({ ...before, orders: 0, tenants: 0 });
  await expect(worker.query('select 1')).rejects.toThrow(/not currently accepting connections/);
  worker = clone;
});

test('terminated, or its worker killed, while it waits for a quiet moment: nothing is left, or it goes on', async () => {
  const clone = await stage.cluster.standbyOf(worker);
  const input = { node: worker.address, with: clone.address };
  const switching = async (op: Operation): Promise<void> => {
    await op.until('switching', ({ steps }) =>
      steps.some(({ name, state }) => name.startsWith('Switch') && state === 'running'),
    );
    await untilItWaits(stage.cluster, 'LOCK TABLE pg_dist_node');
  };
  const before = await nodes();
  const busy = await holdNodes(stage.cluster);
  const first = await replace('terminated', input);
  await switching(first);
  expect((await first.status()).undo?.map(({ kind }) => kind)).toEqual(['hold']);
  await first.terminate();
  await untilUnlocked(stage, 60);
  expect(await nodes()).toEqual(before);
  expect(await clone.query('select pg_is_in_recovery() as follows')).toEqual([{ follows: true }]);
  const left = await Promise.all(
    [stage.cluster.coordinator, worker, other, clone].map((server) =>
      server.query(`select from pg_stat_activity where application_name like 'citus-scaler:%:hold' and application_name not like '%:look:%'
        union all select from pg_file_settings where sourcefile like '%auto.conf' and name in ('citus.recover_2pc_interval', 'citus.metadata_sync_retry_interval')`),
    ),
  );
  expect(left).toEqual([[], [], [], []]);

  const second = await replace('killed', input);
  await switching(second);
  await stage.restartWorker();
  await busy.release();
  expect(await second.result()).toMatchObject({ state: 'done', removed: [worker.address] });
  worker = clone;
});

test('without a standby at hand a machine is started as one, and the machine of the old one is stopped later', async () => {
  const report = await (await replace('provisioned', { node: worker.address })).result();
  const clone = report.plan?.newWorkers[0] ?? '';
  expect(report).toMatchObject({ state: 'done', removed: [worker.address] });
  const again = await (await replace('again', { node: clone })).result();
  expect(again.steps.find(({ name }) => name === 'Stop the old server')?.detail).toBe(
    'its machine was stopped',
  );
  expect(Object.keys(await checksum(stage.cluster))).toHaveLength(5);
});

test('by moves all its shards go to the new server and nowhere else, and it leaves', async () => {
  const [old] = await stage.cluster.query<{ port: number; n: number }>(
    `select nodeport as port, count(*)::int as n from pg_dist_node n join pg_dist_placement p using (groupid)
      where groupid <> 0 and nodeport <> $1 group by 1`,
    [other.port],
  );
  const elsewhere = (): Promise<unknown[]> =>
    stage.cluster.query(
      'select shardid from pg_dist_placement join pg_dist_node using (groupid) where nodeport = $1 order by 1',
      [other.port],
    );
  const [before, stays] = [await checksum(stage.cluster), await elsewhere()];
  const fresh = await stage.cluster.addNode();
  const report = await (
    await replace('moves', { node: `127.0.0.1:${old?.port ?? 0}`, with: fresh.address, method: 'move' })
  ).result();
  expect(report).toMatchObject({ state: 'done', removed: [`127.0.0.1:${old?.port ?? 0}`] });
  expect(report.plan?.moves.map(({ to }) => to)).toEqual(report.plan?.moves.map(() => fresh.address));
  expect(report.movedShardGroups).toBeGreaterThan(0);
  expect(await elsewhere()).toEqual(stays);
  expect(await checksum(stage.cluster)).toEqual(before);
});
