import type { Db } from '../../../citus/session/connect.js';
import { readReplication, type Replication } from '../../../citus/moving/replication.js';
import { does } from '../../../contract/index.js';
import { formatBytes } from '../../../text/figures.js';
import { nodesOf, type Scene, type Stall } from './stall.js';

/** Nothing applies the changes at the target: PostgreSQL tells nobody when it has no process left for it. */
export async function applyHasNoWorker(db: Db, scene: Scene): Promise<Stall | undefined> {
  for (const replication of await readReplication(db, await nodesOf(db, scene))) {
    if (replication.withoutWorker > 0) return withoutWorker(replication, scene);
  }
  return undefined;
}

function withoutWorker(replication: Replication & { node: string }, { what }: Scene): Stall {
  const { node, logicalUsed, logicalWorkers, backgroundUsed, workerProcesses } = replication;
  const evidence = [
    `${replication.withoutWorker} of ${replication.subscriptions} subscriptions of moves have no worker process on ${node}`,
    `max_logical_replication_workers = ${logicalWorkers}, ${logicalUsed} in use; max_worker_processes = ${workerProcesses}, ${backgroundUsed} in use`,
    what,
  ];
  if (logicalWorkers === 0) {
    return {
      cause: `no-workers ${node}`,
      problem: `${node} may run no worker process for logical replication: max_logical_replication_workers = 0`,
      evidence,
      remedies: [
        does('retry', `set max_logical_replication_workers on ${node} to 4 or more, restart it, then retry`),
        does('cancel', 'or cancel, and move with block_writes'),
      ],
      outlook: 'stuck',
    };
  }
  const setting =
    logicalUsed >= logicalWorkers
      ? 'max_logical_replication_workers'
      : backgroundUsed >= workerProcesses
        ? 'max_worker_processes'
        : undefined;
  if (setting === undefined) {
    return {
      cause: `no-worker-yet ${node}`,
      problem: `no worker process applies the changes on ${node}, though it may have more`,
      evidence: [...evidence, `why stands in the server log of ${node}, if one was started and failed`],
      remedies: [`repair what the server log of ${node} says of the logical replication worker`],
      outlook: 'heals',
    };
  }
  return {
    cause: `workers-used-up ${node}`,
    problem: `the worker processes of ${node} are used up (${setting})`,
    evidence,
    remedies: [
      does('setParallelMoves', 'fewer moves at once need fewer of them: it goes on as others end'),
      `or raise ${setting} on ${node} and restart it`,
    ],
    outlook: 'heals',
  };
}

/** The target applies no faster than the source is written to. */
export function copyLagsBehind(_db: Db, { lag, target, source, what }: Scene): Promise<Stall | undefined> {
  if (lag === undefined || lag.now.bytes === 0) return Promise.resolve(undefined);
  const seconds = Math.max(1, (lag.now.at - lag.best.at) / 1_000);
  const rate = Math.round((lag.now.bytes - lag.best.bytes) / seconds);
  return Promise.resolve({
    cause: 'lags-behind',
    problem: `the copy is ${formatBytes(lag.now.bytes)} behind and gets no closer`,
    evidence: [
      `${formatBytes(lag.best.bytes)} behind ${Math.round(seconds)} s ago, ${formatBytes(lag.now.bytes)} now: it grows by ${formatBytes(Math.max(0, rate))}/s`,
      what,
    ],
    remedies: [
      `it goes on by itself when less is written on ${source ?? 'the source'}, or ${target ?? 'the target'} has less to do`,
      does('setParallelMoves', 'or make fewer moves at once'),
    ],
    outlook: 'heals',
  });
}

/** A big index takes its time, and no bytes grow meanwhile. */
export async function buildsIndex(db: Db, scene: Scene): Promise<Stall | undefined> {
  for (const { node, indexes } of await readReplication(db, await nodesOf(db, scene))) {
    const [index] = indexes;
    if (!index) continue;
    const share = index.total > 0 ? ` ${Math.floor((100 * index.done) / index.total)} %` : '';
    return {
      cause: `builds-index ${node}`,
      problem: `builds an index on ${node}: ${index.phase}${share}`,
      evidence: [`pg_stat_progress_create_index on ${node}`, scene.what],
      remedies: [],
      outlook: 'works',
    };
  }
  return undefined;
}
