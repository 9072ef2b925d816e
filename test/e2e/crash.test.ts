import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { midMove, movesAtServer } from '../support/slow-moves.js';
import {
  fingerprint,
  retryIntervals,
  setStage,
  workersOf,
  type Operation,
  type Stage,
} from '../support/stage.js';

let stage: Stage;
let before: Record<string, string>;
beforeEach(async () => {
  stage = await setStage({ wishes: { parallelMoves: 2 } });
  before = await fingerprint(stage.cluster);
});
afterEach(() => stage.end());

/** The same end as without any crash: each node once, each machine started once, settings as before, every row there. */
async function expectRightEnd(op: Operation): Promise<void> {
  const report = await op.result();
  expect(report.state).toBe('done');
  const workers = await workersOf(stage.cluster);
  expect(workers).toHaveLength(3);
  expect(workers.every(({ shards }) => shards > 0)).toBe(true);
  expect(await fingerprint(stage.cluster)).toEqual(before);
  expect(await retryIntervals(stage.cluster)).toEqual(['5s']);
  const starts = readFileSync(join(stage.cluster.folder, 'provisioner.log'), 'utf8')
    .split('\n')
    .filter((line) => line.includes('start'));
  expect(starts).toHaveLength(1);
}

describe('the worker is killed', () => {
  test.each([
    'Check the cluster',
    'Plan',
    'Start new workers',
    'Register them',
    'Copy reference tables',
    'Verify',
  ])('in the step "%s"', async (name) => {
    const op = await stage.scaleOut(`killed-${name.replaceAll(' ', '-')}`, { add: 1 });
    await op.until(`in ${name}`, ({ steps }) =>
      steps.some((step) => step.name === name && step.state !== 'pending'),
    );
    await stage.restartWorker();
    await expectRightEnd(op);
  });

  test('in the middle of a move, twice', async () => {
    const { op, release } = await midMove(stage, 'killed-moving', { add: 1 });
    await stage.restartWorker();
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    await stage.restartWorker();
    await release();
    await expectRightEnd(op);
  });

  test('by a deploy: the running move is not lost', async () => {
    const { op, release } = await midMove(stage, 'deploy', { add: 1 });
    const pids = await movesAtServer(stage.cluster);
    await stage.worker.stop();
    expect(await movesAtServer(stage.cluster)).toEqual(pids);
    await stage.restartWorker();
    await release();
    await expectRightEnd(op);
  });
});

test('the coordinator crashes in the middle of a move and comes back', async () => {
  const { op, release } = await midMove(stage, 'coordinator', { add: 1 });
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  await stage.cluster.coordinator.kill();
  await new Promise((resolve) => setTimeout(resolve, 3_000));
  await stage.cluster.coordinator.start();
  await release();
  await expectRightEnd(op);
});

test('the new worker crashes in the middle of a move and comes back', async () => {
  const node = await stage.cluster.addNode();
  const { op, release } = await midMove(stage, 'new-worker', { nodes: [node.address] });
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  await node.kill();
  await release();
  await new Promise((resolve) => setTimeout(resolve, 3_000));
  await node.start();
  expect((await op.result()).state).toBe('done');
  expect(await workersOf(stage.cluster)).toHaveLength(3);
  expect(await fingerprint(stage.cluster)).toEqual(before);
  expect(await retryIntervals(stage.cluster)).toEqual(['5s']);
});

test('Temporal crashes in the middle of a move and comes back', async () => {
  const { op, release } = await midMove(stage, 'temporal', { add: 1 });
  await stage.temporal.kill();
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  await stage.temporal.start();
  await release();
  await expectRightEnd(op);
});
