import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { setStage, type Operation, type Stage } from '../../support/stage.js';
import {
  expectCancelled,
  expectNowAndLater,
  machinesOf,
  nodesOf,
  oursAtServer,
  provisionerLog,
  registering,
  untilUnlocked,
  type OpenTransaction,
} from '../../support/undo.js';
import { impatient } from '../../support/worker-process.js';

/** The statement that registers a worker goes on at the server, whatever becomes of who sent it. */
let stage: Stage;
let before: Record<string, string>;
beforeEach(async () => {
  stage = await setStage({ worker: impatient });
  before = await nodesOf(stage.cluster);
});
afterEach(() => stage.end());

const stops = (): string[] => provisionerLog(stage).filter((line) => line.startsWith('stop'));

/** As if nothing had been asked for, and the cluster works. */
async function expectAsBefore(): Promise<void> {
  expect(await oursAtServer(stage.cluster)).toEqual([]);
  await expectNowAndLater(() => nodesOf(stage.cluster), before);
  await stage.cluster.query('create table later (id bigint primary key)');
  await stage.cluster.query(`select create_distributed_table('later', 'id', shard_count => 4)`);
}

/** Cancels it, and ends some seconds later what it waits for; says whether the operation was so patient. */
async function cancelledPatiently(op: Operation, holder: OpenTransaction): Promise<boolean> {
  await op.cancel();
  const end = op.result().then(Date.now, Date.now);
  await sleep(4_000);
  const released = Date.now();
  await holder.release();
  return (await end) >= released;
}

test('a cancel while a worker is being registered ends when that is over, and it is no worker then', async () => {
  const node = await stage.cluster.addNode();
  const { op, holder } = await registering(stage, 'cancelled', { nodes: [node.address] });
  expect.soft(await cancelledPatiently(op, holder), 'ended when the statement had ended').toBe(true);
  await expectCancelled(op);
  await expectAsBefore();
});

test('a machine that is being registered at the cancel is stopped after that, not before', async () => {
  const { op, holder } = await registering(stage, 'cancelled-machine');
  const stopped = expect.poll(stops, { timeout: 60_000, interval: 50 });
  const stoppedAt = stopped.toHaveLength(1).then(Date.now, Date.now);
  await op.cancel();
  await sleep(4_000);
  const released = Date.now();
  await holder.release();
  expect.soft(await stoppedAt, 'stopped while somebody connects to it').toBeGreaterThanOrEqual(released);
  await expectCancelled(op);
  await expectAsBefore();
  expect(machinesOf(stage)).toEqual([expect.stringMatching(/ stopped$/)]);
});

test('a cancel that waits for a registration says whose transaction holds it', async () => {
  const { op, holder } = await registering(stage, 'told');
  await op.cancel();
  const status = await op.until(
    'telling what it waits for',
    (each) => new RegExp(`\\b${holder.pid}\\b`).test(JSON.stringify(each.attention ?? {})),
    45,
  );
  expect(status.attention?.during).toBe('cancelling');
  await holder.release();
  await expectCancelled(op);
});

test('terminated while a worker is being registered, nothing is left of it either', async () => {
  const { op, holder } = await registering(stage, 'terminated');
  await op.terminate();
  await sleep(4_000);
  expect.soft(stops(), 'its machine runs as long as somebody connects to it').toEqual([]);
  await holder.release();
  await untilUnlocked(stage);
  await expectAsBefore();
  expect(machinesOf(stage)).toEqual([expect.stringMatching(/ stopped$/)]);
});
