import { ScheduleAlreadyRunning, ScheduleNotFoundError, type Client } from '@temporalio/client';
import type { ClusterConfig } from '../../config/index.js';
import { sampleScheduleId, sampleType } from '../../contract/internal/sample.js';
import { taskQueue } from '../../contract/index.js';

/** Makes the Temporal Schedule that samples a cluster each hour, or takes it away where the config has it off. */
export async function keepSchedule(client: Client, { name, samples }: ClusterConfig): Promise<void> {
  if (!samples) {
    await endSchedule(client, name);
    return;
  }
  const scheduleId = sampleScheduleId(name);
  try {
    await client.schedule.create({
      scheduleId,
      spec: { intervals: [{ every: '1h' }], jitter: '5m' },
      // What was missed while Temporal was away is of no use afterwards.
      policies: { overlap: 'SKIP', catchupWindow: '1m' },
      action: {
        type: 'startWorkflow',
        workflowType: sampleType,
        taskQueue,
        workflowId: scheduleId,
        args: [{ cluster: name }],
        workflowExecutionTimeout: '15m',
        staticSummary: `Sample ${name}`,
      },
      state: {
        triggerImmediately: true,
        note: `sizes, rows and standbys of ${name}, for the day on which a worker is dead; "samples: false" in the config ends it`,
      },
    });
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
  }
}

/** Takes the Schedule of a cluster away, or finds it gone. */
export async function endSchedule(client: Client, cluster: string): Promise<void> {
  try {
    await client.schedule.getHandle(sampleScheduleId(cluster)).delete();
  } catch (error) {
    if (!(error instanceof ScheduleNotFoundError)) throw error;
  }
}
