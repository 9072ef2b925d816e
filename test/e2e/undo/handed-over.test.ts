import { afterEach, beforeEach, expect, test } from 'vitest';
import type { HealthAnswer } from '../../../src/contract/index.js';
import { setStage, type Stage } from '../../support/stage.js';
import { lockKeepers, midDrain, nodesOf, untilUnlocked } from '../../support/undo.js';
import { impatient } from '../../support/worker-process.js';

/** What can't be undone since its node is away is handed over to people, and holds the cluster no longer. */
let stage: Stage;
beforeEach(async () => {
  // This worker waits seconds for a node, not five minutes.
  stage = await setStage({ start: { workers: 3 }, worker: { ...impatient, undoPatienceMs: 10_000 } });
});
afterEach(() => stage.end());

async function health(): Promise<HealthAnswer> {
  return (await stage.client.workflow.execute('inspect', {
    taskQueue: 'citus-scaler',
    workflowId: `health-${Date.now()}`,
    args: [{ cluster: 'demo', what: 'health' }],
  })) as HealthAnswer;
}

test('the keeper of a terminated operation waits for a dead worker for a while, and health tells the SQL then', async () => {
  const before = await nodesOf(stage.cluster);
  const { op, release } = await midDrain(stage, 'abandoned');
  const [dead] = stage.cluster.workers;
  if (!dead) throw new Error('no worker');
  await dead.kill();
  await op.terminate();
  expect(await lockKeepers(stage)).toHaveLength(1);
  await untilUnlocked(stage, 120);
  await release();

  // Citus can't change a mark while any node with metadata is away: that is handed over too.
  const told = JSON.stringify((await health()).checks);
  const [drained = ''] = Object.entries(await nodesOf(stage.cluster)).flatMap(([node, flags]) =>
    flags === before[node] ? [] : [node],
  );
  if (drained !== '') expect(told).toContain(`shouldhaveshards of ${drained}: false → true`);
  expect(told).toContain(dead.address);
  expect(told).toMatch(/alter system reset wal_retrieve_retry_interval/i);

  await dead.start();
  const next = await stage.start('rebalance', 'next', { approval: 'required' });
  await next.until('holding the lock', ({ state }) => state === 'awaiting-approval' || state === 'done');
});
