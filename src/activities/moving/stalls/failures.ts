import { ApplicationFailure } from '@temporalio/common';
import type { ClusterConfig } from '../../../config/index.js';
import { ConnectionLostError } from '../../../citus/session/connect.js';
import { detailsOf, needsPerson, passing, passingType, repeating } from '../../../failures.js';
import { causeOf, limitOf, type Cause } from '../../runtime/cause.js';
import { classifyWith } from '../../runtime/classify.js';
import { diagnose } from './diagnose.js';
import { diskIsFull, targetHasNoRoom } from './disk.js';
import { limitReached, type Reached } from './limits.js';
import { nodeHasLeft, nodeIsAway, otherNodeIsAway, pathIsCut, targetTakesNoShards } from './nodes.js';
import { rowsViolate } from './rows.js';
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

/** Times that a move may fail in the same way while all nodes answer, whatever of Citus's passing errors it is. */
const mostUnexplained = 10;

/**
 * The failure of a statement that we did not stop ourselves, named for what it is: what passes is tried again, what
 * repeats so and so often, and any other parks the operation.
 */
export async function explainFailure(
  cluster: ClusterConfig,
  scene: Scene,
  error: unknown,
  signal: AbortSignal,
): Promise<Error> {
  if (error instanceof ApplicationFailure) return error;
  const failure = classifyWith(error, scene.what);
  if (!(failure instanceof ApplicationFailure) || !(error instanceof Error) || signal.aborted) return failure;
  const cause = causeOf(error);
  const text = `${cause.code ?? ''} ${cause.message}`;
  if (cancelPattern.test(text)) return failureOf(someoneCancelled(failure.message, scene), scene);
  const violated = rowsViolate(cause.message, failure.message, scene);
  if (violated) return failureOf(violated, scene);
  const reached = limitIn(cause);
  const questions = reached ? [limitReached(reached)] : causes.find(({ pattern }) => pattern.test(text))?.ask;
  if (!questions && failure.type !== passingType) return failure;
  let stall: Stall | undefined;
  try {
    const outages = [nodeIsAway, nodeHasLeft, otherNodeIsAway, pathIsCut];
    stall = await diagnose(cluster, scene, questions ?? outages, signal);
  } catch {
    return reached && !reached.guessed
      ? again(`${reached.limit} ${reached.node ?? ''}`, failure, scene)
      : failure;
  }
  if (stall) {
    const { evidence } = detailsOf(failure);
    return failureOf({ ...stall, evidence: [...new Set([...evidence, ...stall.evidence])] }, scene);
  }
  // Our own connection is an outage in any case. Of all else nothing shows why it should pass.
  if (failure.type !== passingType || error instanceof ConnectionLostError || 'syscall' in error)
    return failure;
  return again(text.replaceAll(/\d+/g, ''), failure, scene, mostUnexplained);
}

/**
 * The failure of a statement to which a node has set a limit, with where that is set; any other error as it is, and what
 * can't be looked up.
 */
export async function explainLimit(cluster: ClusterConfig, scene: Scene, error: unknown): Promise<unknown> {
  if (!(error instanceof Error) || error instanceof ApplicationFailure) return error;
  const reached = limitIn(causeOf(error));
  if (reached?.node === undefined) return error;
  const signal = new AbortController().signal;
  const stall = await diagnose(cluster, scene, [limitReached(reached)], signal).catch(() => undefined);
  return stall ? failureOf(stall, scene) : error;
}

/** In a move every such limit is another's: our own session has none. */
function limitIn(cause: Cause): Reached | undefined {
  const { message, node } = cause;
  const limit = limitOf(cause);
  if (limit) return { limit, message, ...(node !== undefined && { node }) };
  // The session that exported the snapshot of the copy was ended, and only the other side speaks.
  if (!/invalid snapshot identifier/.test(message)) return undefined;
  return { limit: 'idle_in_transaction_session_timeout', message, guessed: true };
}

function again(
  cause: string,
  failure: ApplicationFailure,
  { what }: Scene,
  most?: number,
): ApplicationFailure {
  return repeating(`${what}: ${cause}`, failure.message, detailsOf(failure), most);
}

/** The failure that a stall ends an activity with. */
export function failureOf(
  { cause, problem, evidence, remedies, outlook }: Stall,
  { what }: Pick<Scene, 'what'>,
): ApplicationFailure {
  const details = { evidence, remedies };
  switch (outlook) {
    case 'stuck':
      return needsPerson(problem, details);
    case 'anew':
      return repeating(`${what}: ${cause}`, problem, details);
    default:
      return passing(problem, details);
  }
}
