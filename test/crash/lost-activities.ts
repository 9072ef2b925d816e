import type { Client } from '@temporalio/client';
import { encodeTimeoutType } from '@temporalio/common';
import { openWorkflows } from './lane.js';

/**
 * Tells Temporal at once what it would find out by itself 6 to 10 s later: that the activities of a dead worker
 * beat no more. The same failure arrives in the workflow, and the next attempt is due as early as it can be.
 */
export async function reportLost(client: Client, pid: number): Promise<void> {
  for (const { workflowId } of await openWorkflows(client)) {
    const { raw } = await client.workflow.getHandle(workflowId).describe();
    for (const { activityId, lastWorkerIdentity } of raw.pendingActivities ?? []) {
      if (!lastWorkerIdentity?.startsWith(`${pid}@`)) continue;
      await client.workflowService
        .respondActivityTaskFailedById({
          namespace: 'default',
          workflowId,
          activityId: activityId ?? '',
          identity: lastWorkerIdentity,
          failure: {
            message: 'activity Heartbeat timeout',
            source: 'Server',
            timeoutFailureInfo: { timeoutType: encodeTimeoutType('HEARTBEAT') ?? null },
          },
        })
        // It may have been reported, or begun anew, meanwhile.
        .catch(() => undefined);
    }
  }
}
