import { afterEach, beforeEach, expect, test } from 'vitest';
import { midMove, movesAtServer } from '../support/slow-moves.js';
import { fingerprint, setStage, workersOf, type Stage } from '../support/stage.js';

let stage: Stage;
beforeEach(async () => {
  stage = await setStage({ wishes: { parallelMoves: 2 } });
});
afterEach(() => stage.end());

test('a move that runs when Temporal goes away is not lost, however long that takes', async () => {
  const before = await fingerprint(stage.cluster);
  const { op, release } = await midMove(stage, 'outage', { add: 1 }, 45);
  const running = await movesAtServer(stage.cluster);
  await stage.temporal.kill();
  // Longer than the heartbeat time-out: the attempt counts as dead, and another one takes over.
  await new Promise((resolve) => setTimeout(resolve, 10_000));
  await stage.temporal.start();
  await expect.poll(() => attemptOf(op.id), { timeout: 30_000 }).toBeGreaterThan(1);
  await new Promise((resolve) => setTimeout(resolve, 5_000));
  expect(await movesAtServer(stage.cluster)).toEqual(running);
  await release();
  expect((await op.result()).state).toBe('done');
  expect(await workersOf(stage.cluster)).toHaveLength(3);
  expect(await fingerprint(stage.cluster)).toEqual(before);
});

/** The highest attempt among the activities that make moves now. */
async function attemptOf(id: string): Promise<number> {
  const { raw } = await stage.client.workflow.getHandle(id).describe();
  return Math.max(
    0,
    ...(raw.pendingActivities ?? [])
      .filter(({ activityType }) => activityType?.name === 'moveShardGroups')
      .map(({ attempt }) => attempt ?? 0),
  );
}
