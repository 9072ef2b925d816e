import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { findFlavour } from '../../sandbox/flavour.js';
import type { SandboxNode } from '../../sandbox/index.js';
import type { Loss, OperationReport } from '../../src/contract/index.js';
import { inTwoDigits } from '../../src/planning/loss.js';
import { sampleScheduleId, type Sample } from '../../src/contract/internal/sample.js';
import { flavour, setStage, type Operation, type Stage } from '../support/stage.js';

const isCitus = findFlavour(flavour).flavour === 'citus';
let stage: Stage;
let empty: SandboxNode;
let full: SandboxNode;
/** Rows of each table before anything was lost. */
let whole: number[];
beforeAll(async () => {
  stage = await setStage({ start: { workers: 4 }, wishes: { samples: true } });
  const [first, second] = stage.cluster.workers;
  if (!first || !second) throw new Error('no workers');
  [empty, full] = [first, second];
  await (await stage.start('drainWorker', 'drained', { nodes: [empty.address] })).result();
});
afterAll(() => stage.end());

const remove = (id: string, more: object = {}): Promise<Operation> =>
  stage.start('emergencyRemoveWorker', id, { node: full.address, deadFor: '2s', ...more });

interface Refusal {
  type: string;
  message: string;
  details: [{ evidence: string[]; loss?: Loss; remedies: { action?: string; arguments?: object }[] }];
}

async function refusalOf(id: string, more: object): Promise<Refusal> {
  const error: unknown = await (
    await remove(id, { ifBusy: 'wait', ...more })
  )
    .result()
    .catch((thrown: unknown) => thrown);
  const { cause } = error as { cause?: Refusal };
  if (!cause) throw new Error(`not refused: ${JSON.stringify(error)}`);
  return cause;
}

/** What `smallData` loads. */
const rows: Record<string, number> = { tenants: 200, orders: 4_000, events: 2_000 };

const counted = async (): Promise<number[]> => {
  const rows = await stage.cluster.query<{ n: number }>(
    `select count(*)::int as n from tenants union all select count(*)::int from orders
     union all select count(*)::int from events`,
  );
  return rows.map(({ n }) => n);
};

/** The result of a new run of the Schedule. */
async function sampled(): Promise<Sample> {
  const schedule = stage.client.schedule.getHandle(sampleScheduleId('demo'));
  const before = (await schedule.describe()).info.numActionsTaken;
  await schedule.trigger();
  const run = await vi.waitUntil(
    async () => {
      const { info } = await schedule.describe();
      return info.numActionsTaken > before ? info.recentActions.at(-1)?.action.workflow : undefined;
    },
    { timeout: 30_000, interval: 200 },
  );
  return (await stage.client.workflow.getHandle(run.workflowId, run.firstExecutionRunId).result()) as Sample;
}

const registered = (node: SandboxNode): Promise<unknown[]> =>
  stage.cluster.query('select from pg_dist_node where nodeport = $1', [node.port]);

test('a worker that answers, the coordinator and a stranger are no dead workers', async () => {
  const alive = await refusalOf('alive', {});
  expect(alive.type).toBe('PreflightRefused');
  expect(alive.message).toMatch(
    /dead-worker-away: .* is not dead: citus-scaler: it answers; the coordinator: it answers/,
  );
  expect(alive.details[0].remedies).toContainEqual(
    expect.objectContaining({
      action: 'removeWorker',
      arguments: { cluster: 'demo', nodes: [full.address] },
    }),
  );
  const waiting = await refusalOf('alive-waiting', { waitForReturn: '5m' });
  expect(waiting.message).toMatch(/is not dead/);
  const coordinator = await refusalOf('coordinator', { node: stage.cluster.coordinator.address });
  expect(coordinator.message).toMatch(/dead-worker: .* is the coordinator/);
  const stranger = await refusalOf('stranger', { node: 'db99:5432' });
  expect(stranger.message).toMatch(/dead-worker: db99:5432 is no node of this cluster/);
});

test('each worker is sampled while it is well, and one that is away keeps its last sample', async () => {
  const first = await sampled();
  expect(first.nodes.map(({ node }) => node).sort()).toEqual(
    stage.cluster.workers.map(({ address }) => address).sort(),
  );
  const held = first.nodes.find(({ node }) => node === full.address);
  expect(held?.tables.map(({ table }) => table).sort()).toEqual(['events', 'orders', 'tenants']);
  expect(held?.systemIdentifier).toMatch(/^-?\d+$/);
  await full.kill();
  const second = await sampled();
  await full.start();
  expect(second.nodes).toContainEqual(held);
  expect(second.nodes.filter(({ takenAt }) => takenAt === second.takenAt)).toHaveLength(3);
});

test('one that holds nothing of its own is taken out, and no row is lost', async () => {
  const before = await counted();
  whole = before;
  await empty.kill();
  const report = await (await remove('empty', { node: empty.address, waitForReturn: '1s' })).result();
  expect(report.steps.find(({ name }) => name === 'Wait for its return')?.detail).toBe(
    'it did not come back',
  );
  expect(report).toMatchObject({ state: 'done', removed: [empty.address], movedShardGroups: 0 });
  expect(report.plan?.rungs).toMatchObject([
    { id: 'no-shards', possible: true, chosen: true, losesData: false },
    { id: 'standby', possible: false },
    { id: 'restored', possible: false },
    { id: 'give-up-data', possible: false },
  ]);
  expect(report.plan?.loss).toBeUndefined();
  expect(await registered(empty)).toEqual([]);
  expect(await counted()).toEqual(before);
  await stage.cluster.query(`insert into plans values (90, 'written')`);
});

// The stand-in can't point a node at another server.
test.runIf(isCitus)(
  'the standby of one that holds data takes its place: no row is lost, and giving up is refused before',
  async () => {
    const [, , , worker] = stage.cluster.workers;
    if (!worker) throw new Error('no worker');
    const standby = await stage.cluster.standbyOf(worker);
    await stage.cluster.query('select citus_add_secondary_node($1, $2, $3, $4)', [
      standby.host,
      standby.port,
      worker.host,
      worker.port,
    ]);
    const before = await counted();
    await worker.kill();
    const { type, message, details } = await refusalOf('not-given-up', {
      node: worker.address,
      acceptDataLoss: 'lose it',
    });
    expect(type).toBe('DataLossNotAccepted');
    expect(message).toMatch(/less has to be lost \(standby\): /);
    expect(details[0].remedies).toContainEqual(
      expect.objectContaining({
        action: 'emergencyRemoveWorker',
        arguments: expect.not.objectContaining({ acceptDataLoss: 'lose it' }) as object,
      }),
    );
    expect(await standby.query('select pg_is_in_recovery() as standby')).toEqual([{ standby: true }]);

    const unfit = await refusalOf('unfit', { node: worker.address, standby: full.address });
    expect(unfit.type).toBe('PreflightRefused');
    expect(unfit.message).toMatch(/the server that was named can't take its place: /);
    expect(JSON.stringify(unfit.details[0].remedies)).not.toContain('acceptDataLoss');

    const report = await (await remove('standby', { node: worker.address })).result();
    expect(report).toMatchObject({ state: 'done', removed: [worker.address], movedShardGroups: 0 });
    expect(report.plan?.rungs?.find(({ chosen }) => chosen)).toMatchObject({
      id: 'standby',
      server: standby.address,
    });
    expect(report.notes.join('\n')).toMatch(new RegExp(`machine of ${worker.address}`));
    expect(await registered(worker)).toEqual([]);
    expect(await counted()).toEqual(before);
    await stage.cluster.query(`insert into plans values (91, 'written')`);
  },
);

test('several away at once look like the network: nothing goes on without a reason', async () => {
  const other = stage.cluster.workers[2];
  await Promise.all([full.kill(), other?.kill()]);
  const { type, message } = await refusalOf('brake', {});
  await other?.start();
  expect(type).toBe('PreflightRefused');
  expect(message).toMatch(/other-workers-answer: 2 of 3 workers away/);
});

// Whether the stand-in makes its shards anew was not seen to its end.
test.runIf(isCitus)(
  'what only a dead worker holds is given up by exactly the sentence that says so, and made anew',
  async () => {
    expect(await counted().catch((error: unknown) => error)).toBeInstanceOf(Error);
    const dry = await (await remove('dry', { dryRun: true })).result();
    const { loss, rungs } = dry.plan ?? {};
    expect(rungs?.filter(({ chosen }) => chosen)).toEqual([]);
    expect(loss?.sentence).toMatch(
      new RegExp(
        `^lose what only ${full.address} of demo held: 3 tables \\(events, orders, tenants\\), \\d+ shard groups, `,
      ),
    );
    // The sample is of a time when nobody had analysed anything; the counters of the server know.
    expect(loss?.tables.map(({ basis }) => basis)).toEqual(['sample', 'sample', 'sample']);
    expect(await registered(full)).toHaveLength(1);

    const unnamed = await refusalOf('unnamed', {});
    expect(unnamed).toMatchObject({ type: 'DataLossNotAccepted' });
    expect(unnamed.details[0].loss?.sentence).toBe(loss?.sentence);
    const wrong = await refusalOf('wrong', { acceptDataLoss: `${loss?.sentence ?? ''}0` });
    expect(wrong.message).toMatch(/not that of the present loss/);
    expect(await registered(full)).toHaveLength(1);

    const op = await remove('given-up', { acceptDataLoss: loss?.sentence });
    // Though it was started without the need for an approval.
    const { plan, steps } = await op.until('asking', ({ state }) => state === 'awaiting-approval', 60);
    expect(steps.find(({ name }) => name === 'Plan')?.detail).toBe('give-up-data');
    await op.update('approve', { by: 'test', planHash: plan?.hash, backup: 'of last night' });
    const report: OperationReport = await op.result();
    expect(report).toMatchObject({
      state: 'done',
      removed: [full.address],
      movedShardGroups: loss?.shardGroups,
    });
    expect(report.notes).toContain('the newest backup, as test knows it: of last night');
    expect(await registered(full)).toEqual([]);
    const left = await counted();
    expect(left.every((n) => n > 0)).toBe(true);
    const lost = ['tenants', 'orders', 'events'].map((name, index) => (rows[name] ?? 0) - (left[index] ?? 0));
    const told = ['tenants', 'orders', 'events'].map(
      (name) => loss?.tables.find(({ table }) => table === name)?.rows,
    );
    expect(told).toEqual(lost.map(inTwoDigits));
    // Every kind of statement works again, under keys that were lost, too.
    await stage.cluster.query(
      `insert into tenants select i, 'again' from generate_series(1, 200) i on conflict do nothing`,
    );
    await stage.cluster.query('update tenants set name = name');
    expect(await (await stage.start('rebalance', 'after', {})).result()).toMatchObject({ state: 'done' });
  },
);

test.runIf(isCitus)(
  'when it comes back its rows are salvaged, newer ones stay, and a second run finds that done',
  async () => {
    await full.start();
    const salvage = (id: string, more: object = {}): Promise<Operation> =>
      stage.start('salvageWorker', id, { node: full.address, ...more });
    const dry = await (await salvage('look', { dryRun: true })).result();
    const { missing = 0, conflicts = 0 } = dry.plan?.salvage ?? {};
    expect(missing).toBeGreaterThan(0);
    const op = await salvage('salvaged');
    await op.until('begun', ({ steps }) =>
      steps.some(({ name, state }) => name === 'Fence it' && state !== 'pending'),
    );
    await stage.restartWorker();
    const report = await op.result();
    expect(report).toMatchObject({ state: 'done', type: 'salvageWorker' });
    expect(report.plan?.hash).toBe(dry.plan?.hash);
    expect(await counted()).toEqual(whole);
    const [again] = await stage.cluster.query<{ n: number }>(
      `select count(*)::int as n from tenants where name = 'again'`,
    );
    expect(again?.n).toBe(conflicts);
    expect(conflicts).toBeGreaterThan(0);
    const twice = await (await salvage('twice')).result();
    expect(twice.notes.join()).toMatch(/nothing to do: it is fenced, and what can be brought over was/);
    await full.stop('immediate');
  },
);

test.runIf(findFlavour(flavour).flavour === 'citus')(
  'one that comes back in time is emptied and removed as one that runs, and no row is lost',
  async () => {
    const left = await Promise.all(stage.cluster.workers.map((worker) => registered(worker)));
    const last = stage.cluster.workers.find((_, index) => left[index]?.length === 1);
    if (!last) throw new Error('no worker');
    const before = await counted();
    await last.kill();
    const op = await remove('returning', { node: last.address, waitForReturn: '10m' });
    await op.until('waiting', ({ steps }) =>
      steps.some(({ detail, state }) => state === 'running' && detail?.startsWith('until ') === true),
    );
    await last.start();
    const report = await op.result();
    expect(report).toMatchObject({ state: 'done', type: 'emergencyRemoveWorker', removed: [last.address] });
    expect(report.movedShardGroups).toBeGreaterThan(0);
    expect(await counted()).toEqual(before);
  },
);
