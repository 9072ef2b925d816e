import { afterAll, beforeAll, expect, test } from 'vitest';
import { openLane, type Lane } from '../../crash/lane.js';
import { moveBack, readLayout } from '../../crash/take-back.js';
import { presentBuild } from '../../support/build.js';
import { operation } from '../../support/stage.js';
import { expectNowAndLater, machinesOf, nodesOf } from '../../support/undo.js';

let lane: Lane;
beforeAll(async () => {
  lane = await openLane(presentBuild() ?? '');
  await lane.reset();
});
afterAll(async () => {
  await lane.end();
});

test('a scale-out whose moves somebody else takes back fails, and keeps its workers and their machines', async () => {
  const layout = await readLayout(lane.cluster());
  await lane.arm([{ name: 'verify', activity: 'verifyScaleOut', nth: 1, moment: 'before', act: 'tell' }]);
  const worker = lane.worker();
  worker.onPoint = (point) => {
    void moveBack(lane.cluster(), layout).finally(() => worker.go(point));
  };
  await lane.client.workflow.start('scaleOut', {
    taskQueue: 'citus-scaler',
    workflowId: 'taken-back',
    args: [{ cluster: 'demo', approval: 'auto', add: 2 }],
  });
  const op = operation(lane.client, 'taken-back');
  await expect(op.result()).rejects.toMatchObject({ cause: { type: 'NotImproved' } });
  expect(await readLayout(lane.cluster())).toEqual(layout);
  await expectNowAndLater(
    () => machinesOf(lane),
    [expect.stringMatching(/ runs$/), expect.stringMatching(/ runs$/)],
  );
  const nodes = await nodesOf(lane.cluster());
  expect(Object.values(nodes)).toEqual(Array.from({ length: 4 }, () => 'active shards'));
  for (const machine of machinesOf(lane)) expect(nodes).toHaveProperty([machine.split(' ')[0] ?? '']);
});
