import { ApplicationFailure } from '@temporalio/common';
import type { ClusterConfig } from '../../../config/index.js';
import { detailsOf, needsPerson, passing, passingType } from '../../../failures.js';
import { classifyWith } from '../../runtime/classify.js';
import { diagnose } from './diagnose.js';
import { diskIsFull, targetHasNoRoom } from './disk.js';
import { nodeHasLeft, nodeIsAway, otherNodeIsAway, targetTakesNoShards } from './nodes.js';
import { noSendersLeft, noSlotsLeft } from './slots.js';
import { someoneCancelled, lockIsHeld } from './someone-else.js';
import type { Diagnosis, Scene, Stall } from './stall.js';

/** The text of a cancel that somebody wanted; the other cancels are time-outs. */
const cancelPattern = /^57014 .*due to user request/;

/** The failures that have a known cause, by SQLSTATE and text, with the questions that say more. */
const causes: { pattern: RegExp; ask: Diagnosis[] }[] = [
  { pattern: /not enough empty space on node/, ask: [targetHasNoRoom] },
  { pattern: /^53100 |No space left on device/, ask: [diskIsFull] },
  { pattern: /a node that shouldn't have a shard/, ask: [targetTakesNoShards] },
  { pattern: /node with node id \d+ could not be found|to a non-active node/, ask: [nodeHasLeft] },
  { pattern: /could not acquire the lock required to/, ask: [lockIsHeld] },
  { pattern: /replication slots are in use/, ask: [noSlotsLeft] },
  { pattern: /requested standby connections exceeds/, ask: [noSendersLeft] },
];

/**
 * The failure of a statement that we did not stop ourselves, named for what it is: one that passes is retried, any
 * other parks the operation.
 */
export async function explainFailure(
  cluster: ClusterConfig,
  scene: Scene,
  error: unknown,
  signal: AbortSignal,
): Promise<Error> {
  const failure = classifyWith(error, scene.what);
  if (!(failure instanceof ApplicationFailure) || signal.aborted) return failure;
  const text = `${codeOf(error)} ${failure.message}`;
  if (cancelPattern.test(text)) return failureOf(someoneCancelled(failure.message, scene));
  const questions = causes.find(({ pattern }) => pattern.test(text))?.ask;
  if (!questions && failure.type !== passingType) return failure;
  const stall = await diagnose(
    cluster,
    scene,
    questions ?? [nodeIsAway, nodeHasLeft, otherNodeIsAway],
    signal,
  );
  if (!stall) return failure;
  const { evidence } = detailsOf(failure);
  return failureOf({ ...stall, evidence: [...new Set([...evidence, ...stall.evidence])] });
}

/** The failure that a stall ends an activity with: stuck, it parks the operation; otherwise it is tried again. */
export function failureOf({ problem, evidence, remedies, outlook }: Stall): ApplicationFailure {
  return (outlook === 'stuck' ? needsPerson : passing)(problem, { evidence, remedies });
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}
