import { sleep } from '@temporalio/activity';
import type { Client } from '@temporalio/client';
import { statusQuery, type OperationStatus } from '../../contract/index.js';
import type { LockHolder } from '../../contract/internal/lock.js';
import { describeWorkflow, isRunning } from './keeper.js';

/** Milliseconds that the holder gets to answer, and to end: giving up waits for nobody longer than half a minute. */
const answerMs = 3_000;
const endMs = 90_000;

/**
 * Has an operation give up that is stuck at a dead worker. Answers why not, where it isn't stuck there, or has begun what
 * can't be undone: then it has to go on.
 *
 * @param dead `host:port` of the dead workers
 * @param by who takes over, for the holder's report
 */
export async function takeOverFrom(
  client: Client,
  { workflowId, runId }: LockHolder,
  dead: readonly string[],
  by: string,
): Promise<string | undefined> {
  const handle = client.workflow.getHandle(workflowId);
  let status: OperationStatus;
  try {
    status = await client.withDeadline(Date.now() + answerMs, () =>
      handle.query<OperationStatus>(statusQuery),
    );
  } catch {
    return 'it doesn’t say what it is at';
  }
  const why = whyNotGivenUp(status, dead);
  if (why !== undefined) return why;
  try {
    const reason = `${dead.join(', ')} is dead, and is taken out`;
    await client.withDeadline(Date.now() + answerMs, () =>
      handle.executeUpdate('giveUp', { args: [{ by, reason }] }),
    );
  } catch {
    // It may have ended just now, or be well again: whoever looks next sees that.
    if (isRunning(await describeWorkflow(client, workflowId, runId))) return 'it doesn’t give up';
  }
  for (const end = Date.now() + endMs; isRunning(await describeWorkflow(client, workflowId, runId));) {
    if (Date.now() > end) return 'it was told to give up, and doesn’t end';
    await sleep(200);
  }
  return undefined;
}

/** Why an operation is not to be given up for a dead worker. */
export function whyNotGivenUp(
  { state, attention, pointOfNoReturn }: Pick<OperationStatus, 'state' | 'attention' | 'pointOfNoReturn'>,
  dead: readonly string[],
): string | undefined {
  if (pointOfNoReturn) return `it is past its point of no return: ${pointOfNoReturn.why}`;
  if (!attention) return `it is not stuck at ${dead.join(', ')}: it is ${state}`;
  const text = `${attention.problem}\n${attention.evidence}`.toLowerCase();
  const names = (node: string): boolean =>
    text.split(/[\s,;()"'@]+/).some((word) => word.replace(/[.:]+$/, '') === node);
  return dead.some((node) => names(node.toLowerCase()))
    ? undefined
    : `what it needs attention for is not ${dead.join(', ')}: ${attention.problem}`;
}
