import type { WorkflowFailedError } from '@temporalio/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { OperationReport, OperationStatus, Plan } from '../../src/contract/index.js';
import { mark, retryIntervals, setStage, workersOf, type Operation, type Stage } from '../support/stage.js';

/** Rounds are small, so that plans take several. */
const worker: { limits: { movesPerRound: number; historyEvents?: number } } = {
  limits: { movesPerRound: 2 },
};
let stage: Stage;
beforeAll(async () => {
  stage = await setStage({ start: { workers: 4 }, worker, load: () => Promise.resolve() });
});
afterAll(() => stage.end());

const address = (index: number): string => stage.cluster.workers[index]?.address ?? '';

async function markWorker(index: number, value: boolean): Promise<void> {
  const node = stage.cluster.workers[index];
  if (!node) throw new Error(`no worker ${index}`);
  await mark(stage.cluster, node, value);
}

async function shardsOn(index: number): Promise<number> {
  const port = stage.cluster.workers[index]?.port;
  return (await workersOf(stage.cluster)).find((each) => each.port === port)?.shards ?? -1;
}

/** One table of 12 shards, of which the last worker has none: a rebalance moves some there, and nowhere else. */
async function leaveLastEmpty(): Promise<void> {
  await stage.cluster.query('drop table if exists orders');
  await stage.cluster.query('create table orders (id bigint primary key)');
  await markWorker(3, false);
  await stage.cluster.query(`select create_distributed_table('orders', 'id', shard_count => 12)`);
  await markWorker(3, true);
}

const leftToMove = ({ checks }: OperationReport) => checks.find(({ id }) => id === 'left-to-move');

/** Has a rebalance planned and, before it is approved, takes another worker out of service. Returns both plans. */
async function askedAnew(id: string, marked: number): Promise<{ op: Operation; first: Plan; second: Plan }> {
  const op = await stage.start('rebalance', id, { strategy: 'by_shard_count', approval: 'required' });
  const awaiting = async (test: (plan: Plan) => boolean): Promise<Plan> => {
    const waits = ({ state, plan }: OperationStatus): boolean =>
      state === 'awaiting-approval' && plan !== undefined && test(plan);
    return (await op.until('planned', waits)).plan as Plan;
  };
  const first = await awaiting(() => true);
  expect(first.moves.every(({ to }) => to === address(3))).toBe(true);
  await markWorker(marked, false);
  await op.update('approve', { by: 'test', planHash: first.hash });
  const second = await awaiting(({ hash }) => hash !== first.hash);
  expect(second.drainedWorkers).toEqual([address(marked)]);
  expect(await shardsOn(marked)).toBeGreaterThan(0);
  await expect(op.update('approve', { by: 'test' })).rejects.toThrow();
  return { op, first, second };
}

test('all rounds of a plan are approved at once; what goes beyond them is asked for anew, and may be rejected', async () => {
  await leaveLastEmpty();
  const { op, first, second } = await askedAnew('rejected-anew', 0);
  expect(first.movesTotal).toBeGreaterThan(worker.limits.movesPerRound);
  expect(first.after.workers.find(({ node }) => node === address(3))?.shards).toBe(first.movesTotal);
  expect(await shardsOn(3)).toBe(first.movesTotal);
  await op.update('reject', { by: 'test', reason: 'that one stays' });

  const report = await op.result();
  expect(report.state).toBe('done');
  expect(report.movedShardGroups).toBe(first.movesTotal);
  expect(report.plan?.hash).toBe(first.hash);
  expect(report.notes.join()).toContain(`test rejected plan ${second.hash}: that one stays`);
  expect(leftToMove(report)?.evidence).toContain(`shouldhaveshards is off on ${address(0)}`);
  expect(await shardsOn(0)).toBeGreaterThan(0);
  await markWorker(0, true);
});

test('where nobody is asked, what goes beyond the plan is left alone, and the report says how to go on', async () => {
  await leaveLastEmpty();
  const op = await stage.start('rebalance', 'left-alone', { strategy: 'by_shard_count' });
  await op.update('pause', { by: 'test' });
  const { plan } = await op.until('paused', ({ state }) => state === 'paused');
  await markWorker(1, false);
  await op.update('resume', { by: 'test' });
  const report = await op.result();
  expect(report.state).toBe('done');
  expect(report.movedShardGroups).toBe(plan?.movesTotal);
  expect(await shardsOn(1)).toBeGreaterThan(0);
  expect(leftToMove(report)).toMatchObject({
    severity: 'warning',
    ok: false,
    evidence: expect.stringContaining(address(1)) as unknown,
    remedy: { action: 'rebalance', arguments: { cluster: 'demo', strategy: 'by_shard_count' } },
  });
  await markWorker(1, true);
});

test('what is approved anew is moved', async () => {
  await leaveLastEmpty();
  const { op, first, second } = await askedAnew('approved-anew', 2);
  await op.update('approve', { by: 'test', planHash: second.hash });
  const report = await op.result();
  expect(report.state).toBe('done');
  expect(report.movedShardGroups).toBe(first.movesTotal + second.movesTotal);
  expect(leftToMove(report)).toBeUndefined();
  expect(await shardsOn(2)).toBe(0);
});

test('an operation stops before its history is full, gives everything back, and names what remains', async () => {
  await markWorker(2, true);
  await leaveLastEmpty();
  worker.limits.historyEvents = 75;
  await stage.restartWorker();
  const op = await stage.start('rebalance', 'too-long', { strategy: 'by_shard_count', parallelMoves: 1 });
  const failure = (await op.result().catch((error: unknown) => error)) as WorkflowFailedError;
  const status = (await op.status()) as OperationReport;
  const { movesTotal = 0 } = status.plan ?? {};
  expect(status.movedShardGroups).toBeLessThan(movesTotal);
  expect(failure.cause).toMatchObject({
    type: 'HistoryFull',
    message: expect.stringMatching(/stopped: still to move in this round: [12] moves? \(/) as unknown,
    details: [
      {
        cluster: 'demo',
        evidence: [
          expect.stringMatching(/^its history has \d+ events/),
          expect.stringContaining(`${status.movedShardGroups} of ${movesTotal} shard groups`),
        ],
        remedies: [{ action: 'rebalance', arguments: { cluster: 'demo', strategy: 'by_shard_count' } }],
      },
    ],
  });
  expect(status.undo).toBeUndefined();
  expect(await retryIntervals(stage.cluster)).toEqual(['5s']);
  // The cluster is free again.
  const dry = await stage.start('rebalance', 'after', { dryRun: true });
  expect((await dry.result()).state).toBe('done');
});
