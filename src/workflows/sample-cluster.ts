import { ActivityCancellationType, proxyActivities } from '@temporalio/workflow';
import type { SampleActivities } from '../activities/samples/activities.js';
import type { Sample } from '../contract/internal/sample.js';

/** The next run comes in an hour. */
const { sampleCluster: take } = proxyActivities<SampleActivities>({
  startToCloseTimeout: '5m',
  heartbeatTimeout: '10s',
  scheduleToCloseTimeout: '10m',
  cancellationType: ActivityCancellationType.TRY_CANCEL,
  retry: { initialInterval: '5s', maximumAttempts: 5 },
});

/**
 * Samples a cluster, for the day on which one of its workers is dead. A Temporal Schedule starts it, and the result of the
 * last run is what is known. It takes no lock and changes nothing.
 */
export function sampleCluster({ cluster }: { cluster: string }): Promise<Sample | null> {
  return take.executeWithOptions({ summary: `Sample ${cluster}` }, [{ cluster }]);
}
