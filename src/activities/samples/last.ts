import { setTimeout as sleep } from 'node:timers/promises';
import { ScheduleNotFoundError, type Client } from '@temporalio/client';
import { sampleScheduleId, type Sample } from '../../contract/internal/sample.js';

/** Milliseconds that looking for the last sample may take: a rescue goes on without. */
const patienceMs = 5_000;
/** Milliseconds between two tries. */
const betweenMs = 200;

/**
 * The last sample of a cluster, as the last run of its Schedule that ended well has it in its result. Undefined when there
 * is none, or when Temporal doesn't tell: what a sample knows is known less well without it, and nothing waits for it.
 */
export async function lastSample(client: Client, cluster: string): Promise<Sample | undefined> {
  for (const end = Date.now() + patienceMs; ;) {
    try {
      return await client.withDeadline(end, () => newest(client, cluster));
    } catch (error) {
      // A busy server fails one question now and then; what the sample knows is worth another.
      if (error instanceof ScheduleNotFoundError || Date.now() + betweenMs > end) return undefined;
      await sleep(betweenMs);
    }
  }
}

async function newest(client: Client, cluster: string): Promise<Sample | undefined> {
  const { info } = await client.schedule.getHandle(sampleScheduleId(cluster)).describe();
  for (const { action } of info.recentActions.toReversed()) {
    const run = client.workflow.getHandle(action.workflow.workflowId, action.workflow.firstExecutionRunId);
    const { status } = await run.describe();
    if (status.name !== 'COMPLETED') continue;
    const sample = (await run.result()) as Sample | null;
    if (sample) return sample;
  }
  return undefined;
}
