import type { WorkflowHandle } from '@temporalio/client';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { OperationReport } from '../../src/contract/index.js';
import { midMove, movesAtServer } from '../support/slow-moves.js';
import { fingerprint, retryIntervals, setStage, workersOf, type Stage } from '../support/stage.js';

const pageOf = async (handle: WorkflowHandle): Promise<string> =>
  (await handle.query<{ currentDetails: string }>('__temporal_workflow_metadata')).currentDetails;

let stage: Stage;
let before: Record<string, string>;
beforeEach(async () => {
  stage = await setStage({ wishes: { parallelMoves: 2 } });
  before = await fingerprint(stage.cluster);
});
afterEach(() => stage.end());

test('a cancel in the middle of the movement stops the moves, gives back and says what stays', async () => {
  const { op, release } = await midMove(stage, 'cancelled', { add: 1, parallelMoves: 1 }, 60);
  await op.update('pause', { by: 'test' });
  const { plan, progress: so } = await op.until(
    'waiting for resume',
    ({ progress }) => progress?.waitingFor === '`resume`',
  );
  // What a batch tells of itself is on the page in the Temporal UI at once; of one that doesn't run nothing is.
  const handle = stage.client.workflow.getHandle(op.id);
  expect(await pageOf(handle)).toContain('(0 %), 1 at work');
  for (const { shardIds } of plan?.moves ?? [])
    await handle.signal('progress', { batch: shardIds[0], done: (so?.total ?? 0) / 2 });
  expect(await pageOf(handle)).toContain('(50 %), 1 at work');
  await op.cancel();
  await expect(op.result()).rejects.toThrow(/cancel/i);
  await release();

  const status = await op.status();
  expect(status.state).toBe('cancelled');
  expect(status.cancel?.requestedAt).toBeDefined();
  expect(status).not.toHaveProperty('paused');
  expect(status.progress).not.toHaveProperty('waitingFor');
  expect(await movesAtServer(stage.cluster)).toEqual([]);
  // Nothing had been moved: the worker is out again and its machine is stopped.
  expect(await workersOf(stage.cluster)).toHaveLength(2);
  expect(await retryIntervals(stage.cluster)).toEqual(['5s']);
  expect(await fingerprint(stage.cluster)).toEqual(before);
});

test('a cancel while the plan waits for approval changes nothing', async () => {
  const op = await stage.scaleOut('cancelled-early', { add: 1, approval: 'required' });
  await op.until('awaiting approval', ({ state }) => state === 'awaiting-approval');
  await op.cancel();
  await expect(op.result()).rejects.toThrow(/cancel/i);
  expect(await workersOf(stage.cluster)).toHaveLength(2);
});

test('pause now stops the moves, resume makes them, and a rejected plan ends the operation', async () => {
  const { op, release } = await midMove(stage, 'paused', { add: 1 });
  await op.update('pause', { by: 'test', now: true });
  await op.until('paused', ({ state, progress }) => state === 'paused' && progress?.movingTotal === 0);
  await expect.poll(() => movesAtServer(stage.cluster), { timeout: 20_000 }).toEqual([]);
  await expect(op.update('pause', { by: 'test' })).rejects.toThrow();
  await expect(op.update('setParallelMoves', { by: 'test', n: 0 })).rejects.toThrow();
  await op.update('setParallelMoves', { by: 'test', n: 4 });
  await release();
  await op.update('resume', { by: 'test' });
  expect((await op.result()).state).toBe('done');
  expect(await fingerprint(stage.cluster)).toEqual(before);

  const other = await stage.scaleOut('rejected', { add: 1, approval: 'required' });
  await other.until('awaiting approval', ({ state }) => state === 'awaiting-approval');
  await other.update('reject', { by: 'test', reason: 'not today' });
  await expect(other.result()).rejects.toMatchObject({ cause: { type: 'PlanRejected' } });
  expect(await workersOf(stage.cluster)).toHaveLength(3);
});

test('what a person must repair parks the operation; giving up ends it soon, whatever is unreachable', async () => {
  const node = await stage.cluster.addNode();
  const { op, release } = await midMove(stage, 'given-up', { nodes: [node.address] });
  await node.kill();
  await stage.cluster.coordinator.kill();
  await release().catch(() => undefined);
  await op.until('in need of attention', ({ attention }) => attention !== undefined, 120);
  const asked = Date.now();
  await op.update('giveUp', { by: 'test', reason: 'the node is lost' });
  await expect(op.result()).rejects.toMatchObject({ cause: { type: 'GivenUp' } });
  expect(Date.now() - asked).toBeLessThan(30_000);
  const report = await op.status();
  expect(JSON.stringify(report)).toMatch(/ALTER SYSTEM RESET wal_retrieve_retry_interval/);
  expect((report as OperationReport).unansweredMoves).toBeGreaterThan(0);
});
