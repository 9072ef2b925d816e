import { withCoordinator, type Db } from '../../../citus/session/connect.js';
import { giveUpSilentNodesSoon } from '../../../citus/nodes/node-answers.js';
import type { ClusterConfig } from '../../../config/index.js';
import { lookName } from '../../../citus/session/application-name.js';
import { applyFails, slotIsLost } from './apply-fails.js';
import { applyHasNoWorker, buildsIndex, copyLagsBehind } from './apply.js';
import { nodeHasLeft, nodeIsAway, otherNodeIsAway, pathIsCut } from './nodes.js';
import type { Diagnosis, Scene, Stall } from './stall.js';
import { waitsForTransaction } from './transactions.js';

/**
 * The questions about a running statement, in order: what makes later ones hang comes first, what is asked of all
 * nodes last.
 */
const runningQuestions: Diagnosis[] = [
  nodeHasLeft,
  nodeIsAway,
  waitsForTransaction,
  slotIsLost,
  applyFails,
  whyNoWorker,
  copyLagsBehind,
  buildsIndex,
  otherNodeIsAway,
];

/** A worker that never connects fails, too, and isn't counted. */
async function whyNoWorker(db: Db, scene: Scene): Promise<Stall | undefined> {
  const stall = await applyHasNoWorker(db, scene);
  return stall?.cause.startsWith('no-worker-yet') ? ((await pathIsCut(db, scene)) ?? stall) : stall;
}

/** Milliseconds for all questions together; any of them may hang. */
const deadlineMs = 20_000;

/**
 * Finds out why a running statement gets nowhere; undefined when nothing explains it.
 *
 * @throws when the coordinator couldn't be asked
 */
export function diagnoseRunning(
  cluster: ClusterConfig,
  scene: Scene,
  signal: AbortSignal,
): Promise<Stall | undefined> {
  return diagnose(cluster, scene, runningQuestions, signal);
}

/**
 * Asks one after another, on a connection of its own, until one knows. A question that fails knows nothing.
 *
 * @throws when the coordinator is away, or the time is over
 */
export async function diagnose(
  cluster: ClusterConfig,
  scene: Scene,
  questions: Diagnosis[],
  signal: AbortSignal,
): Promise<Stall | undefined> {
  const options = {
    applicationName: lookName(scene.operationId, 'diagnose'),
    statementTimeoutSeconds: 6,
    signal: AbortSignal.any([signal, AbortSignal.timeout(deadlineMs)]),
  };
  return withCoordinator(cluster, options, async (db) => {
    await giveUpSilentNodesSoon(db);
    for (const ask of questions) {
      const stall = await answerOf(ask, db, scene);
      if (stall) return stall;
    }
    return undefined;
  });
}

async function answerOf(ask: Diagnosis, db: Db, scene: Scene): Promise<Stall | undefined> {
  try {
    return await ask(db, scene);
  } catch (error) {
    if (!(error instanceof Error && 'severity' in error)) throw error;
    return undefined;
  }
}
