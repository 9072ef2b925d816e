import {
  ActivityCancellationType,
  ActivityFailure,
  ApplicationFailure,
  proxyActivities,
} from '@temporalio/workflow';
import type { InspectActivities } from '../activities/inspect/activities.js';
import type { InspectAnswer, InspectInput } from '../contract/index.js';

/** A person waits for the answer: a clear failure after some seconds is worth more than an answer in an hour. */
const { inspect: look } = proxyActivities<InspectActivities>({
  startToCloseTimeout: '2m',
  heartbeatTimeout: '10s',
  scheduleToCloseTimeout: '3m',
  cancellationType: ActivityCancellationType.TRY_CANCEL,
  retry: { initialInterval: '1s', maximumAttempts: 4 },
});

/** Reads and answers. It takes no lock and changes nothing. */
export async function inspect(input: InspectInput): Promise<InspectAnswer> {
  try {
    return await look.executeWithOptions(
      { summary: `Look at ${(input as InspectInput | null | undefined)?.what ?? 'nothing that was named'}` },
      [{ input }],
    );
  } catch (error) {
    // The failure itself, not that an activity failed, is what a person wants to read.
    if (error instanceof ActivityFailure && error.cause instanceof ApplicationFailure) throw error.cause;
    throw error;
  }
}
