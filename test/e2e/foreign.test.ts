import { afterAll, beforeAll, expect, test } from 'vitest';
import { startForeignJob } from '../support/foreign-job.js';
import { midMove, movesAtServer } from '../support/slow-moves.js';
import { fingerprint, setStage, type Operation, type Stage } from '../support/stage.js';

let stage: Stage;
beforeAll(async () => {
  stage = await setStage();
});
afterAll(() => stage.end());

test('a rebalance that someone else runs is named and left alone, and when it is over nothing is in the way', async () => {
  const before = await fingerprint(stage.cluster);
  const { job, startedAt, end } = await startForeignJob(stage.cluster);
  const nodes = [stage.cluster.workers[0]?.address ?? ''];
  for (const begin of [
    () => stage.scaleOut('beside-a-job', { add: 1 }),
    () => stage.start('rebalance', 'rebalance-beside', {}),
    () => stage.start('drainWorker', 'drain-beside', { nodes }),
    () => stage.start('removeWorker', 'remove-beside', { nodes }),
  ]) {
    const refused = await begin();
    await expect(refused.result()).rejects.toMatchObject({
      cause: {
        type: 'ForeignJobRunning',
        message: expect.stringContaining(
          `background job ${job} (rebalance), running, since ${startedAt}`,
        ) as string,
      },
    });
  }
  const states = 'select state from pg_dist_background_job where job_id = $1';
  expect(await stage.cluster.query(states, [job])).toEqual([{ state: 'running' }]);
  await end();

  const free = await stage.scaleOut('after-the-job', { add: 1, approval: 'required' });
  await free.until('awaiting approval', ({ state }) => state === 'awaiting-approval');
  await free.cancel();
  await expect(free.result()).rejects.toThrow(/cancel/i);
  expect(await fingerprint(stage.cluster)).toEqual(before);
});

test.each<[string, (nodes: string[]) => Promise<Operation>, string]>([
  [
    'copy of reference tables',
    () => stage.scaleOut('copy-later', { add: 1, approval: 'required' }),
    'replicateReferenceTables',
  ],
  [
    'move',
    (nodes) => stage.start('drainWorker', 'move-later', { nodes, approval: 'required' }),
    'moveShardGroups',
  ],
])(
  'a job that someone starts after the approval is waited for, by name: no %s begins beside it',
  async (...[, begin, activity]) => {
    const before = await fingerprint(stage.cluster);
    const op = await begin([stage.cluster.workers[0]?.address ?? '']);
    await op.until('awaiting approval', ({ state }) => state === 'awaiting-approval');
    const { job, end } = await startForeignJob(stage.cluster);
    await op.update('approve', { by: 'test' });
    await expect
      .poll(() => failedActivities(op), { timeout: 60_000 })
      .toContainEqual(
        expect.stringContaining(`${activity}: someone else moves data: background job ${job} (rebalance)`),
      );
    expect(await movesAtServer(stage.cluster)).toEqual([]);
    await end();
    expect((await op.result()).state).toBe('done');
    expect(await fingerprint(stage.cluster)).toEqual(before);
  },
);

test('a move that is stopped while someone else’s job runs is no failure, and begins anew when the job is over', async () => {
  const before = await fingerprint(stage.cluster);
  const { op, release } = await midMove(stage, 'stopped-beside', { add: 1, parallelMoves: 1 }, 120);
  const { job, end } = await startForeignJob(stage.cluster);
  await op.update('pause', { by: 'test', now: true });
  await op.until('paused', ({ state, progress }) => state === 'paused' && progress?.movingTotal === 0);
  expect(await movesAtServer(stage.cluster)).toEqual([]);
  expect(await failedActivities(op)).toEqual([]);

  await op.update('resume', { by: 'test' });
  await expect
    .poll(() => failedActivities(op), { timeout: 60_000 })
    .toContainEqual(expect.stringContaining(`someone else moves data: background job ${job} (rebalance)`));
  await end();
  await release();
  expect((await op.result()).state).toBe('done');
  expect(await fingerprint(stage.cluster)).toEqual(before);
});

/** Of the activities that wait for their next attempt: their types, and why. */
async function failedActivities({ id }: Operation): Promise<string[]> {
  const { raw } = await stage.client.workflow.getHandle(id).describe();
  return (raw.pendingActivities ?? []).flatMap(({ activityType, lastFailure }) =>
    lastFailure ? [`${activityType?.name}: ${lastFailure.message}`] : [],
  );
}
