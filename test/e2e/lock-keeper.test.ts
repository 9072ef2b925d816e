import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { ledgerQuery } from '../../src/contract/internal/lock.js';
import { resetOperation, resetToFirstUpdate } from '../support/reset.js';
import { midMoveOf, movesAtServer } from '../support/slow-moves.js';
import { placementsOf } from '../support/undo.js';
import { fingerprint, marksOf, retryIntervals, setStage, type Stage } from '../support/stage.js';
import { impatient } from '../support/worker-process.js';

/** The lock keeper of a cluster: what it does for an operation that is gone, and for one that lost it. */
let stage: Stage;
let before: Record<string, string>;
const afterwards: (() => unknown)[] = [];

beforeAll(async () => {
  stage = await setStage({ start: { workers: 3 }, worker: impatient });
  before = await fingerprint(stage.cluster);
});
beforeEach(() => expectAsBefore());
/** Whatever went wrong in one test: the next finds the cluster free. */
afterEach(async () => {
  for await (const { workflowId } of stage.client.workflow.list({
    query: `ExecutionStatus = 'Running' and WorkflowType != 'lockCluster'`,
  })) {
    await stage.client.workflow
      .getHandle(workflowId)
      .terminate()
      .catch(() => undefined);
  }
  for (const undo of afterwards.splice(0).reverse()) await undo();
  await expect.poll(() => lockKeeper().catch(() => 'none'), patience).toBe('none');
});
afterAll(() => stage.end());

const patience = { timeout: 60_000, interval: 200 };
const address = (index: number): string => stage.cluster.workers[index]?.address ?? '';
const marks = (): Promise<Record<string, boolean>> => marksOf(stage.cluster);

/** All workers in service, and no setting lowered. */
async function expectAsBefore(): Promise<void> {
  await expect.poll(async () => Object.values(await marks()), patience).not.toContain(false);
  await expect.poll(() => retryIntervals(stage.cluster), patience).toEqual(['5s']);
}

async function lockKeeper(): Promise<{ id: string; ledger: () => Promise<string[]> }> {
  const query = `WorkflowType = 'lockCluster' and ExecutionStatus = 'Running'`;
  for await (const { workflowId: id } of stage.client.workflow.list({ query }))
    return { id, ledger: () => stage.client.workflow.getHandle(id).query<string[]>(ledgerQuery) };
  throw new Error('no lock keeper runs');
}

async function lockKeeperRun(): Promise<string | undefined> {
  const { id } = await lockKeeper();
  return (await stage.client.workflow.getHandle(id).describe()).runId;
}

const drain = (id: string) =>
  stage.start('drainWorker', id, { nodes: [address(2)], approval: 'required', parallelMoves: 1 });

/** A drain in the middle of its movement, which lasts until released: at the end of the test at the latest. */
async function movingDrain(id: string): ReturnType<typeof midMoveOf> {
  const moving = await midMoveOf(stage, () => drain(id));
  afterwards.push(moving.release);
  return moving;
}

/** The first worker is away until it is brought back: at the end of the test at the latest. */
async function killFirstWorker(): Promise<() => Promise<void>> {
  const [worker] = stage.cluster.workers;
  if (!worker) throw new Error('no worker');
  await worker.kill();
  const back = () => worker.start();
  afterwards.push(back);
  return back;
}

async function events(id: string): Promise<number> {
  return ((await stage.client.workflow.getHandle(id).fetchHistory()).events ?? []).length;
}

test('an operation that lost its lock tells nothing to the lock keeper of another', async () => {
  const lost = await drain('lost');
  await lost.until('waiting', ({ state }) => state === 'awaiting-approval');
  await stage.client.workflow.getHandle((await lockKeeper()).id).terminate();
  await lost.until('in need of attention', ({ state }) => state === 'needs-attention');

  const { op } = await movingDrain('next');
  const entries = await (await lockKeeper()).ledger();
  expect(entries.join()).toContain('wal_retrieve_retry_interval');
  await lost.update('approve', { by: 'test' });
  // The other has marked the node by now: this one takes nothing for done that it didn't do.
  await lost.until('approved', ({ steps }) =>
    steps.some(({ name, state }) => name === 'Take out of service' && state === 'running'),
  );
  await lost.update('retry', { by: 'test' });
  await expect(lost.result()).rejects.toMatchObject({ cause: { type: 'ClusterBusy' } });
  expect((await lost.status()).undo).toBeUndefined();
  expect(await (await lockKeeper()).ledger()).toEqual(entries);
  expect(await retryIntervals(stage.cluster)).toContain('100ms');
  await op.terminate();
});

test('a drain that is reset while its plan waits takes the lock again', async () => {
  const op = await drain('reset-early');
  await op.until('waiting', ({ state }) => state === 'awaiting-approval');
  await resetOperation(stage, op.id);
  await op.until('waiting again', ({ state }) => state === 'awaiting-approval');
  await op.update('approve', { by: 'test' });
  await op.until('moving', ({ steps }) =>
    steps.some(({ name, state }) => name === 'Move shards' && state === 'running'),
  );
  expect((await marks())[address(2)]).toBe(false);
  await op.cancel();
  await expect(op.result()).rejects.toThrow();
});

test('a drain that is reset while it moves gets a lock keeper of its own, and lowers settings again', async () => {
  const { op } = await movingDrain('reset-late');
  const held = await lockKeeperRun();
  await resetOperation(stage, op.id);
  await expect.poll(() => lockKeeperRun().catch(() => held), patience).not.toBe(held);
  await expect.poll(async () => (await marks())[address(2)], patience).toBe(false);
  await expect.poll(() => retryIntervals(stage.cluster), patience).toContain('100ms');
  await op.terminate();
  await expectAsBefore();
});

test('a node that is away keeps the cluster held and nothing else from being given back; who waits is told', async () => {
  const { op } = await movingDrain('abandoned');
  const { id } = await lockKeeper();
  const back = await killFirstWorker();
  await op.terminate();
  await expect.poll(() => retryIntervals(stage.cluster), patience).toEqual(['5s']);

  const next = await drain('patient');
  // The node is named once the keeper's first attempt has failed.
  const { attention } = await next.until(
    'told',
    ({ attention }) => attention?.evidence.includes(address(0)) === true,
  );
  expect(attention?.problem).toContain(`the lock keeper ${id} still undoes what abandoned left`);
  // Citus can't change a mark while any node is away.
  expect(attention?.evidence).toContain(`shouldhaveshards of ${address(2)}: false → true`);
  expect(attention?.remedies.map(({ text }) => text).join()).toContain(
    `--workflow-id '${id}' --name release --input '"abandoned"'`,
  );
  await back();
  await next.until('holding', ({ state }) => state === 'awaiting-approval');
  expect((await marks())[address(2)]).toBe(true);
  await next.cancel();
  await expect(next.result()).rejects.toThrow();
});

test('an operation that is reset to its plan and then ended undoes what it had done before', async () => {
  const { op } = await movingDrain('reset-and-ended');
  await resetToFirstUpdate(stage, op.id);
  await op.until('waiting for approval again', ({ state }) => state === 'awaiting-approval');
  await op.cancel();
  await expect(op.result()).rejects.toMatchObject({ cause: { name: 'CancelledFailure' } });
  await expectAsBefore();
  await expect.poll(() => lockKeeper().catch(() => 'none'), patience).toBe('none');
  expect(await movesAtServer(stage.cluster)).toEqual([]);
});

test('an operation whose lock keeper was cancelled by hand asks, moves nothing meanwhile, and goes on with retry', async () => {
  const { op, release } = await movingDrain('deprived');
  await stage.client.workflow.getHandle((await lockKeeper()).id).cancel();
  await op.until('told', ({ attention }) => attention?.problem.includes('ended from outside') === true);
  // The keeper leaves the ledger to the operation, which goes on.
  expect((await marks())[address(2)]).toBe(false);
  await release();
  await new Promise((resolve) => setTimeout(resolve, 3_000));
  const earlier = { events: await events(op.id), placed: await placementsOf(stage.cluster) };
  await new Promise((resolve) => setTimeout(resolve, 5_000));
  expect(await placementsOf(stage.cluster)).toEqual(earlier.placed);
  expect(await events(op.id)).toBeLessThan(earlier.events + 5);
  await op.update('retry', { by: 'test' });
  expect((await op.result()).state).toBe('done');
  expect((await marks())[address(2)]).toBe(false);
  expect(await retryIntervals(stage.cluster)).toEqual(['5s']);
  expect(await fingerprint(stage.cluster)).toEqual(before);
});
