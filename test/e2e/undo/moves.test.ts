import { afterEach, beforeEach, expect, test } from 'vitest';
import { movesAtServer } from '../../support/slow-moves.js';
import { fingerprint, setStage, type Operation, type Stage } from '../../support/stage.js';
import {
  expectCancelled,
  expectNowAndLater,
  midDrain,
  nodesOf,
  oursAtServer,
  placementsOf,
} from '../../support/undo.js';

/** A move goes on at the server when its worker process is gone; who stops it then? */
let stage: Stage;
let rows: Record<string, string>;
let nodes: Record<string, string>;
beforeEach(async () => {
  stage = await setStage({ start: { workers: 3 }, wishes: { parallelMoves: 1 } });
  rows = await fingerprint(stage.cluster);
  nodes = await nodesOf(stage.cluster);
});
afterEach(() => stage.end());

/** The activity that moves: its id, its state and the process that has it. */
async function mover({
  id,
}: Operation): Promise<{ activityId: string; state: string; attempt: number; pid: number }> {
  const { raw } = await stage.client.workflow.getHandle(id).describe();
  const found = (raw.pendingActivities ?? []).find(
    ({ activityType: type }) => type?.name === 'moveShardGroups',
  );
  return {
    activityId: found?.activityId ?? '',
    state: found?.paused ? 'paused' : String(found?.state),
    attempt: found?.attempt ?? 0,
    pid: Number.parseInt(found?.lastWorkerIdentity ?? '', 10),
  };
}

test('a cancel that comes between two attempts, in a deploy, leaves no move running', async () => {
  const { op, release } = await midDrain(stage, 'between-attempts', 25);
  await stage.worker.stop();
  // A deploy may last as long as it likes, and the next attempt waits: here Temporal is told to hold it back.
  const { activityId } = await mover(op);
  await stage.client.workflowService.pauseActivity({
    namespace: 'default',
    execution: { workflowId: op.id },
    identity: 'test',
    id: activityId,
  });
  expect(await mover(op)).toMatchObject({ state: 'paused' });
  expect(await movesAtServer(stage.cluster)).toHaveLength(1);
  await op.cancel();
  await stage.startWorker();
  await expectCancelled(op);
  expect.soft(await oursAtServer(stage.cluster)).toEqual([]);
  const placed = await placementsOf(stage.cluster);
  await release();
  await expectNowAndLater(() => placementsOf(stage.cluster), placed);
  expect(await nodesOf(stage.cluster)).toEqual(nodes);
  expect(await fingerprint(stage.cluster)).toEqual(rows);
});

test('a move that fails again and again begins no more once it is paused', async () => {
  const { op, release } = await midDrain(stage, 'paused-in-backoff', 25);
  const [, , drained] = stage.cluster.workers;
  await drained?.kill();
  await expect.poll(async () => (await mover(op)).attempt, { timeout: 60_000 }).toBeGreaterThan(1);
  await op.update('pause', { by: 'test' });
  await release();
  const placed = await placementsOf(stage.cluster);
  await drained?.start();
  await op.until(
    'paused, with nothing at work',
    ({ state, progress }) => state === 'paused' && progress?.movingTotal === 0,
  );
  await expectNowAndLater(() => placementsOf(stage.cluster), placed);
  await op.update('resume', { by: 'test' });
  expect((await op.result()).state).toBe('done');
  expect(await fingerprint(stage.cluster)).toEqual(rows);
});

test('pause now, sent while the worker process is dead, leaves no move running', async () => {
  const workers = [stage.worker];
  await stage.startWorker();
  workers.push(stage.worker);
  const { op, release } = await midDrain(stage, 'paused-while-dead', 25);
  const { pid } = await mover(op);
  // Who else polls hears of the pause before Temporal misses the beats of the dead one.
  stage.worker = workers.find((worker) => worker.pid !== pid) ?? stage.worker;
  await workers.find((worker) => worker.pid === pid)?.kill();
  await op.update('pause', { by: 'test', now: true });
  await op.until(
    'paused, with nothing at work',
    ({ state, progress }) => state === 'paused' && progress?.movingTotal === 0,
  );
  expect.soft(await movesAtServer(stage.cluster)).toEqual([]);
  const placed = await placementsOf(stage.cluster);
  await release();
  await expectNowAndLater(() => placementsOf(stage.cluster), placed);
  await op.update('resume', { by: 'test' });
  expect((await op.result()).state).toBe('done');
  expect(await fingerprint(stage.cluster)).toEqual(rows);
});
