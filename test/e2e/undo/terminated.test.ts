import { afterEach, beforeEach, expect, test } from 'vitest';
import { openCluster } from '../../../sandbox/cluster/cluster.js';
import { midMove } from '../../support/slow-moves.js';
import { fingerprint, retryIntervals, setStage, type Stage } from '../../support/stage.js';
import {
  expectNowAndLater,
  lockKeepers,
  machinesOf,
  nodesOf,
  oursAtServer,
  placementsOf,
  untilUnlocked,
} from '../../support/undo.js';

/** The lock keeper of an operation that was terminated leaves as little behind as a cancel would. */
let stage: Stage;
let before: Record<string, string>;
beforeEach(async () => {
  stage = await setStage();
  before = await nodesOf(stage.cluster);
});
afterEach(() => stage.end());

test('a scale-out that is terminated in mid-move leaves no machine, no worker and no setting', async () => {
  const rows = await fingerprint(stage.cluster);
  const placed = await placementsOf(stage.cluster);
  const { op, release } = await midMove(stage, 'terminated', { add: 1 }, 30);
  expect(await lockKeepers(stage)).toHaveLength(1);
  expect(machinesOf(stage)).toEqual([expect.stringMatching(/ runs$/)]);
  expect
    .soft((await op.status()).undo?.map(({ kind }) => kind).sort())
    .toEqual(['machine', 'registration', 'setting']);
  await op.terminate();
  await untilUnlocked(stage);
  expect(await oursAtServer(stage.cluster)).toEqual([]);
  await release();
  await expectNowAndLater(() => nodesOf(stage.cluster), before);
  expect(machinesOf(stage)).toEqual([expect.stringMatching(/ stopped$/)]);
  expect(await retryIntervals(openCluster(stage.folder))).toEqual(['5s']);
  expect(await placementsOf(stage.cluster)).toEqual(placed);
  expect(await fingerprint(stage.cluster)).toEqual(rows);
});

test('a scale-out that is terminated while its plan waits leaves nothing, and its keeper ends', async () => {
  const op = await stage.scaleOut('terminated-early', { add: 1, approval: 'required' });
  await op.until('awaiting approval', ({ state }) => state === 'awaiting-approval');
  await op.terminate();
  await untilUnlocked(stage, 15);
  expect(await nodesOf(stage.cluster)).toEqual(before);
  expect(machinesOf(stage)).toEqual([]);
});
