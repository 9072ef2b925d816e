import type { Client } from '@temporalio/client';
import type { HistoryEvent } from './scale-out.js';

/** Bytes of the largest payload in the histories of all workflows, with where it is. */
export async function largestPayload(client: Client): Promise<{ bytes: number; where: string }> {
  let largest = { bytes: 0, where: 'none' };
  for await (const { workflowId, runId, type } of client.workflow.list()) {
    const { events } = await client.workflow.getHandle(workflowId, runId).fetchHistory();
    for (const event of events ?? []) {
      const bytes = payloadBytes(event);
      if (bytes > largest.bytes)
        largest = { bytes, where: `${type}, event ${event.eventId?.toString()} ${kindOf(event)}` };
    }
  }
  return largest;
}

/** The largest single payload anywhere in an event. */
function payloadBytes(value: unknown): number {
  if (value instanceof Uint8Array) return value.length;
  if (typeof value !== 'object' || value === null) return 0;
  return Math.max(0, ...Object.values(value).map(payloadBytes));
}

function kindOf(event: HistoryEvent): string {
  return Object.keys(event).find((key) => key.endsWith('Attributes') && key !== 'attributes') ?? '';
}

/** Seconds that the executions of an activity took, all together. */
export function activitySeconds(events: HistoryEvent[], name: string): number {
  const scheduled = new Map(
    events
      .filter((event) => event.activityTaskScheduledEventAttributes?.activityType?.name === name)
      .map((event) => [String(event.eventId), secondsOf(event)]),
  );
  return events.reduce((sum, event) => {
    const began = scheduled.get(String(event.activityTaskCompletedEventAttributes?.scheduledEventId));
    return began === undefined ? sum : sum + secondsOf(event) - began;
  }, 0);
}

/** When it happened, in seconds since 1970. */
export function secondsOf(event: HistoryEvent | undefined): number {
  return Number(event?.eventTime?.seconds ?? 0) + (event?.eventTime?.nanos ?? 0) / 1e9;
}
