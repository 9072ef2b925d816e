// node --import tsx test/replay/record.ts: runs the main paths on a sandbox and keeps their histories, which every
// later version of the workflows must be able to replay.
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { midMove } from '../support/slow-moves.js';
import { setStage, type Operation, type Stage } from '../support/stage.js';

const folder = fileURLToPath(new URL('./histories/', import.meta.url));
const stage = await setStage();
try {
  await approved(stage);
  await pausedAndResumed(stage);
  await workerKilled(stage);
  await cancelled(stage);
  await refused(stage);
  await busy(stage);
  for await (const { workflowId, runId, type } of stage.client.workflow.list({
    query: `WorkflowType = 'holdCluster'`,
  })) {
    await keep(type, workflowId, runId);
    break;
  }
} finally {
  await stage.end();
}
process.exit(0);

async function keep(name: string, workflowId: string, runId?: string): Promise<void> {
  const history = await stage.client.workflow.getHandle(workflowId, runId).fetchHistory();
  // Where it was recorded is nobody's business, and changes with every recording.
  const text = historyToJSON(history)
    .replace(/\d+@[\w.-]+/g, 'worker')
    .replace(/("(?:stackTrace|identity)":\s*)"(?:[^"\\]|\\.)*"/g, '$1""');
  writeFileSync(`${folder}${name}.json`, `${text}\n`);
  console.log(name, history.events?.length, 'events');
}

/** Waits for the end, whatever it is, and keeps the history. */
async function end(op: Operation): Promise<void> {
  await op.result().catch(() => undefined);
  await keep(op.id, op.id);
}

async function approved({ scaleOut }: Stage): Promise<void> {
  const op = await scaleOut('approved', { add: 1, approval: 'required' });
  const { plan } = await op.until('awaiting approval', ({ state }) => state === 'awaiting-approval');
  await op.update('approve', { by: 'record', planHash: plan?.hash });
  await end(op);
}

async function pausedAndResumed(on: Stage): Promise<void> {
  const { op, release } = await midMove(on, 'paused', { add: 1 });
  await op.update('pause', { by: 'record', now: true });
  await op.until('paused', ({ progress }) => progress?.movingTotal === 0);
  await op.update('setParallelMoves', { by: 'record', n: 4 });
  await release();
  await op.update('resume', { by: 'record' });
  await end(op);
}

async function workerKilled(on: Stage): Promise<void> {
  const { op, release } = await midMove(on, 'worker-killed', { add: 1 });
  await on.restartWorker();
  await release();
  await end(op);
}

async function cancelled(on: Stage): Promise<void> {
  const { op, release } = await midMove(on, 'cancelled', { add: 1 });
  await op.cancel();
  await end(op);
  await release();
}

async function refused({ scaleOut }: Stage): Promise<void> {
  await end(await scaleOut('refused', { nodes: ['127.0.0.1:1'] }));
  await end(await scaleOut('invalid', { to: 1, add: 1 }));
}

async function busy({ scaleOut }: Stage): Promise<void> {
  const holder = await scaleOut('holder', { add: 1, approval: 'required' });
  await holder.until('awaiting approval', ({ state }) => state === 'awaiting-approval');
  await end(await scaleOut('busy', { add: 1 }));
  const next = await scaleOut('patient', { nodes: ['127.0.0.1:1'], ifBusy: 'wait' });
  await next.until('waiting', ({ state }) => state === 'waiting-for-lock');
  await holder.update('reject', { by: 'record', reason: 'enough seen' });
  await end(holder);
  await end(next);
}
