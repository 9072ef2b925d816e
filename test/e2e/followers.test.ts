import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { OperationStatus } from '../../src/contract/index.js';
import { buildCli, type BuiltCli } from '../integration/cli/built-cli.js';
import { startCli, type Running } from '../integration/cli/run-cli.js';
import { setStage, type Stage } from '../support/stage.js';

let stage: Stage;
let cli: BuiltCli;
beforeAll(async () => {
  cli = buildCli();
  stage = await setStage();
});
afterAll(async () => {
  await stage.end();
  cli.remove();
});

const start = (...args: string[]): Running => startCli(cli.main, stage.temporal.address, args);
const patient = { timeout: 30_000, interval: 20 };

test('a worker that is killed right after the start is waited for, and the follower goes on with the next', async () => {
  const following = start('scale-out', 'demo', '--add', '1', '--json');
  await expect.poll(following.said, patient).toContain('Started');
  await stage.worker.kill();
  await sleep(10_000);
  await stage.startWorker();
  const ran = await following.done;
  expect(ran.stderr).toMatch(/No worker answers on task queue citus-scaler\. Waiting for it, .* at most\./);
  expect(ran.json<OperationStatus>().state).toBe('awaiting-approval');
  expect(ran.code).toBe(5);
});

test('a Temporal that restarts is waited for by who watches, who asks and who steers', async () => {
  const watching = start('watch', 'demo', '--json');
  await expect.poll(watching.printed, patient).toContain('awaiting-approval');
  await stage.temporal.kill();
  const [status, steering] = [start('status', 'demo', '--json'), start('pause', 'demo')];
  await sleep(2_000);
  await stage.temporal.start();
  expect((await status.done).json<OperationStatus>().state).toBe('awaiting-approval');
  expect(await steering.done).toMatchObject({ code: 0 });
  expect(await start('reject', 'demo', '--reason', 'enough').done).toMatchObject({ code: 0 });
  expect(await watching.done).toMatchObject({ code: 6 });
});
