import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { setStage, type Operation, type Stage } from '../../support/stage.js';
import {
  expectCancelled,
  expectNowAndLater,
  holdNodes,
  nodesOf,
  oursAtServer,
  untilItWaits,
  untilUnlocked,
  type OpenTransaction,
} from '../../support/undo.js';
import { impatient } from '../../support/worker-process.js';

/** The statement that takes a worker out of service goes on at the server, whatever becomes of who sent it. */
let stage: Stage;
let before: Record<string, string>;
beforeEach(async () => {
  stage = await setStage({ start: { workers: 3 }, worker: impatient });
  before = await nodesOf(stage.cluster);
});
afterEach(() => stage.end());

/** A drain whose mark waits for somebody's transaction. */
async function marking(id: string): Promise<{ op: Operation; holder: OpenTransaction }> {
  const nodes = [stage.cluster.workers[2]?.address ?? ''];
  const op = await stage.start('drainWorker', id, { nodes, approval: 'required' });
  await op.until('awaiting approval', ({ state }) => state === 'awaiting-approval');
  const holder = await holdNodes(stage.cluster);
  await op.update('approve', { by: 'test' });
  await untilItWaits(stage.cluster, 'citus_set_node_property');
  return { op, holder };
}

test('a cancel while a worker is being marked ends when that is over, and it is in service as before', async () => {
  const { op, holder } = await marking('cancelled');
  await op.cancel();
  const end = op.result().then(Date.now, Date.now);
  await sleep(4_000);
  const released = Date.now();
  await holder.release();
  expect.soft(await end, 'ended while the statement went on').toBeGreaterThanOrEqual(released);
  await expectCancelled(op);
  expect(await oursAtServer(stage.cluster)).toEqual([]);
  await expectNowAndLater(() => nodesOf(stage.cluster), before);
});

test('terminated while a worker is being marked, it is in service as before', async () => {
  const { op, holder } = await marking('terminated');
  await op.terminate();
  await sleep(4_000);
  await holder.release();
  await untilUnlocked(stage);
  expect(await oursAtServer(stage.cluster)).toEqual([]);
  await expectNowAndLater(() => nodesOf(stage.cluster), before);
});
