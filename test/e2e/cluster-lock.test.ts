import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { operation, setStage, workersOf, type Operation, type Stage } from '../support/stage.js';
import { resetOperation } from '../support/reset.js';

let stage: Stage;
beforeAll(async () => {
  stage = await setStage();
});
afterAll(() => stage.end());

/** Whatever went wrong in one test: the next finds the cluster free. */
afterEach(async () => {
  for await (const { workflowId } of stage.client.workflow.list({ query: `ExecutionStatus = 'Running'` })) {
    await stage.client.workflow
      .getHandle(workflowId)
      .terminate()
      .catch(() => undefined);
  }
});

const waiting = ({ state }: { state: string }): boolean => state === 'awaiting-approval';
const wanted = { add: 1, approval: 'required' } as const;

/** The cluster is free when another operation gets as far as its plan; it is cancelled again. */
async function expectFree(id: string): Promise<void> {
  const op = await stage.scaleOut(id, wanted);
  await op.until('holding the cluster', waiting);
  await cancel(op);
}

function causeOf(error: unknown): unknown {
  return error instanceof Error ? error.cause : error;
}

async function cancel(op: Operation): Promise<void> {
  await op.cancel();
  await expect(op.result()).rejects.toThrow(/cancel/i);
}

test('of twenty that race for a cluster one wins, and the others name it', async () => {
  const all = await Promise.all(
    Array.from({ length: 20 }, (_, index) => stage.scaleOut(`racer-${index}`, wanted)),
  );
  const ends = await Promise.all(
    all.map(async (op) => {
      const holds = await op.until('holding', waiting).catch(() => undefined);
      return { op, failure: holds ? undefined : await op.result().then(() => undefined, causeOf) };
    }),
  );
  const winners = ends.filter(({ failure }) => failure === undefined);
  expect(winners).toHaveLength(1);
  const [winner] = winners;
  for (const { failure } of ends) {
    if (failure !== undefined)
      expect(failure).toMatchObject({
        type: 'ClusterBusy',
        message: expect.stringContaining(winner?.op.id ?? '?') as string,
      });
  }
  if (winner) await cancel(winner.op);
});

test('is free after a cancel, a rejection and a refusal', async () => {
  await expectFree('free-after-cancel');
  const rejected = await stage.scaleOut('to-reject', wanted);
  await rejected.until('waiting', waiting);
  await rejected.update('reject', { by: 'test', reason: 'no' });
  await expect(rejected.result()).rejects.toThrow();
  await expectFree('free-after-rejection');
  const refused = await stage.scaleOut('to-refuse', { nodes: ['127.0.0.1:1'] });
  await expect(refused.result()).rejects.toMatchObject({ cause: { type: 'PreflightRefused' } });
  await expectFree('free-after-refusal');
});

test('is free after its operation was terminated', async () => {
  const op = await stage.scaleOut('to-terminate', wanted);
  await op.until('waiting', waiting);
  await op.terminate();
  await expectFree('free-after-terminate');
});

test('is free after its operation timed out', async () => {
  await stage.client.workflow.start('scaleOut', {
    taskQueue: 'citus-scaler',
    workflowId: 'to-time-out',
    args: [{ cluster: 'demo', ...wanted }],
    workflowExecutionTimeout: '3s',
  });
  await expect(operation(stage.client, 'to-time-out').result()).rejects.toThrow();
  await expectFree('free-after-timeout');
});

test.each([
  ['before it was taken', 0],
  ['after it was taken', -1],
])('an operation that is reset to %s goes on and holds it alone', async (_when, which) => {
  const id = `reset-${which}`;
  const op = await stage.scaleOut(id, wanted);
  await op.until('waiting', waiting);
  await resetOperation(stage, id, which);
  await op.until('waiting again', waiting);
  const other = await stage.scaleOut(`beside-${id}`, wanted);
  await expect(other.result()).rejects.toMatchObject({
    cause: {
      type: 'ClusterBusy',
      message: expect.stringContaining(`${id}, which waits for approval`) as string,
    },
  });
  await op.update('approve', { by: 'test' });
  expect((await op.result()).state).toBe('done');
  await expectFree(`free-after-${id}`);
});

test('whoever waits for a busy cluster goes on when it is free', async () => {
  const op = await stage.scaleOut('holder', wanted);
  await op.until('waiting', waiting);
  const next = await stage.scaleOut('patient', { ...wanted, ifBusy: 'wait' });
  await next.until('waiting for the lock', ({ state }) => state === 'waiting-for-lock');
  await cancel(op);
  await next.until('holding', waiting);
  await cancel(next);
});

test('an operation whose lock was ended by hand stops and asks', async () => {
  const op = await stage.scaleOut('robbed', wanted);
  await op.until('waiting', waiting);
  const workers = await workersOf(stage.cluster);
  const [lockId] = await locks();
  await stage.client.workflow.getHandle(lockId ?? '').terminate();
  const { attention } = await op.until('in need of attention', ({ state }) => state === 'needs-attention');
  expect(attention?.problem).toContain('lock');
  await op.update('retry', { by: 'test' });
  await op.until('holding again', waiting);
  expect(await locks()).toHaveLength(1);
  await cancel(op);
  expect(await workersOf(stage.cluster)).toEqual(workers);
});

async function locks(): Promise<string[]> {
  const ids: string[] = [];
  for await (const { workflowId } of stage.client.workflow.list({
    query: `WorkflowType = 'lockCluster' and ExecutionStatus = 'Running'`,
  }))
    ids.push(workflowId);
  return ids;
}
