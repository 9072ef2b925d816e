// node --import tsx test/replay/record.ts: runs the main paths on a sandbox and keeps the histories of those that aren't
// kept yet. Every later version of the workflows must be able to replay them all, so a kept one stays as it is.
import { existsSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { openCluster } from '../../sandbox/cluster/cluster.js';
import type { LockResult } from '../../src/contract/internal/lock.js';
import { byHand, placedShards } from '../support/make-leftovers.js';
import { midMove } from '../support/slow-moves.js';
import { setStage, type Operation, type Stage } from '../support/stage.js';
import type { Recorded } from './recorded.js';

const folder = fileURLToPath(new URL('./histories/', import.meta.url));
const isKept = (name: string): boolean => existsSync(`${folder}${name}.json`);

/** What a path writes, and how to walk it. Later ones find the cluster as the earlier ones leave it. */
const paths: { names: Recorded[]; controlled?: boolean; walk: (stage: Stage) => Promise<void> }[] = [
  { names: ['approved'], walk: approved },
  { names: ['paused'], walk: pausedAndResumed },
  { names: ['worker-killed'], walk: workerKilled },
  { names: ['cancelled'], walk: cancelled },
  { names: ['refused', 'invalid'], walk: refused },
  { names: ['busy', 'holder', 'patient'], walk: busy },
  { names: ['drained', 'undone', 'rebalanced'], walk: drained },
  { names: ['paused-early'], walk: pausedEarly },
  { names: ['cleaned'], walk: cleaned },
  { names: ['removed'], walk: removed },
  { names: ['terminated-lockCluster'], walk: terminated },
  { names: ['windowed', 'windowed-drain'], controlled: true, walk: windowed },
];

for (const controlled of [false, true]) {
  const missing = paths.filter(
    (path) => (path.controlled ?? false) === controlled && !path.names.every(isKept),
  );
  if (missing.length === 0) continue;
  const begin = new Date(Date.now() - 60_000);
  const rule = { schedule: `${begin.getUTCMinutes()} ${begin.getUTCHours()} * * *`, for: '2h' };
  const wishes = {
    parallelMoves: 2,
    ...(controlled && {
      windows: { timezone: 'UTC', allow: [rule] },
      governor: { maxStatementSeconds: 60 },
    }),
  };
  const stage = await setStage({ start: { workers: 3 }, wishes });
  try {
    for (const { walk } of missing) await walk(stage);
    if (!isKept('lockCluster')) await keepLockKeeper(stage);
  } finally {
    await stage.end();
  }
}
process.exit(0);

async function keep(stage: Stage, name: string, workflowId = name, runId?: string): Promise<void> {
  if (isKept(name)) return;
  const history = await stage.client.workflow.getHandle(workflowId, runId).fetchHistory();
  // Where it was recorded is nobody's business, and changes with every recording.
  const text = historyToJSON(history)
    .replace(/\d+@[\w.-]+/g, 'worker')
    .replace(/("(?:stackTrace|identity)":\s*)"(?:[^"\\]|\\.)*"/g, '$1""');
  writeFileSync(`${folder}${name}.json`, `${text}\n`);
  console.log(name, history.events?.length, 'events');
}

async function keepLockKeeper(stage: Stage): Promise<void> {
  const query = `WorkflowType = 'lockCluster' and ExecutionStatus = 'Completed'`;
  for await (const { workflowId, runId } of stage.client.workflow.list({ query })) {
    const handle = stage.client.workflow.getHandle<() => Promise<LockResult>>(workflowId, runId);
    if ((await handle.result()).outcome !== 'released') continue;
    await keep(stage, 'lockCluster', workflowId, runId);
    break;
  }
}

/** Waits for the end, whatever it is, and keeps the history. */
async function end(stage: Stage, op: Operation): Promise<void> {
  await op.result().catch(() => undefined);
  await keep(stage, op.id);
}

async function approve(op: Operation): Promise<void> {
  const { plan } = await op.until('awaiting approval', ({ state }) => state === 'awaiting-approval');
  await op.update('approve', { by: 'record', planHash: plan?.hash });
}

async function approved(stage: Stage): Promise<void> {
  const op = await stage.scaleOut('approved', { add: 1, approval: 'required' });
  await approve(op);
  await end(stage, op);
}

async function pausedAndResumed(stage: Stage): Promise<void> {
  const { op, release } = await midMove(stage, 'paused', { add: 1 });
  await op.update('pause', { by: 'record', now: true });
  await op.until('paused', ({ progress }) => progress?.movingTotal === 0);
  await op.update('setParallelMoves', { by: 'record', n: 4 });
  await release();
  await op.update('resume', { by: 'record' });
  await end(stage, op);
}

async function workerKilled(stage: Stage): Promise<void> {
  const { op, release } = await midMove(stage, 'worker-killed', { add: 1 });
  await stage.restartWorker();
  await release();
  await end(stage, op);
}

async function cancelled(stage: Stage): Promise<void> {
  const { op, release } = await midMove(stage, 'cancelled', { add: 1 });
  await op.cancel();
  await end(stage, op);
  await release();
}

async function refused(stage: Stage): Promise<void> {
  await end(stage, await stage.scaleOut('refused', { nodes: ['127.0.0.1:1'] }));
  await end(stage, await stage.scaleOut('invalid', { to: 1, add: 1 }));
}

async function busy(stage: Stage): Promise<void> {
  const holder = await stage.scaleOut('holder', { add: 1, approval: 'required' });
  await holder.until('awaiting approval', ({ state }) => state === 'awaiting-approval');
  await end(stage, await stage.scaleOut('busy', { add: 1 }));
  const next = await stage.scaleOut('patient', { nodes: ['127.0.0.1:1'], ifBusy: 'wait' });
  await next.until('waiting', ({ state }) => state === 'waiting-for-lock');
  await holder.update('reject', { by: 'record', reason: 'enough seen' });
  await end(stage, holder);
  await end(stage, next);
}

function workerOf({ cluster }: Stage, index: number): string {
  return cluster.workers[index]?.address ?? '';
}

async function drained(stage: Stage): Promise<void> {
  const nodes = [workerOf(stage, 2)];
  const op = await stage.start('drainWorker', 'drained', { nodes, approval: 'required' });
  await approve(op);
  await end(stage, op);
  await end(stage, await stage.start('drainWorker', 'undone', { nodes, undo: true }));
  await end(stage, await stage.start('rebalance', 'rebalanced', { strategy: 'by_shard_count' }));
}

async function pausedEarly(stage: Stage): Promise<void> {
  const op = await stage.start('drainWorker', 'paused-early', {
    nodes: [workerOf(stage, 2)],
    approval: 'required',
  });
  await op.until('awaiting approval', ({ state }) => state === 'awaiting-approval');
  await op.update('pause', { by: 'record' });
  await op.update('approve', { by: 'record' });
  await op.until('paused', ({ state }) => state === 'paused');
  await op.update('resume', { by: 'record' });
  await end(stage, op);
}

async function cleaned(stage: Stage): Promise<void> {
  const [first] = await placedShards(openCluster(stage.folder), 'orders');
  if (!first) throw new Error('no shard');
  await byHand(first.other, 'create publication citus_shard_move_publication_7_10_900');
  await end(stage, await stage.start('cleanUp', 'cleaned', {}));
}

async function removed(stage: Stage): Promise<void> {
  const nodes = [workerOf(stage, 1), workerOf(stage, 2)];
  await end(stage, await stage.start('removeWorker', 'removed', { nodes }));
}

/** Its lock keeper undoes what it has done. */
async function terminated(stage: Stage): Promise<void> {
  const { op, release } = await midMove(stage, 'terminated', { add: 1 });
  const running = `WorkflowType = 'lockCluster' and ExecutionStatus = 'Running'`;
  for await (const { workflowId, runId } of stage.client.workflow.list({ query: running })) {
    await op.terminate();
    await release();
    await stage.client.workflow.getHandle(workflowId, runId).result();
    await keep(stage, 'terminated-lockCluster', workflowId, runId);
  }
}

async function windowed(stage: Stage): Promise<void> {
  await end(stage, await stage.scaleOut('windowed', { add: 1 }));
  await end(
    stage,
    await stage.start('drainWorker', 'windowed-drain', { nodes: [workerOf(stage, 2)], parallelMoves: 1 }),
  );
}
