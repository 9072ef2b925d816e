import type { Client } from '@temporalio/client';
import type { HistoryEvent } from './scale-out.js';

export interface Largest {
  bytes: number;
  /** Workflow type and event. */
  where: string;
}

/** The largest payloads in the histories of all workflows: of those that bring the moves of a round, and of the others. */
export async function largestPayloads(client: Client): Promise<{ ofRounds: Largest; others: Largest }> {
  const largest = { ofRounds: { bytes: 0, where: 'none' }, others: { bytes: 0, where: 'none' } };
  for await (const { workflowId, runId, type } of client.workflow.list()) {
    const { events } = await client.workflow.getHandle(workflowId, runId).fetchHistory();
    for (const event of events ?? []) {
      for (const payload of payloadsOf(event)) {
        const kind = Buffer.from(payload).includes('"round":') ? 'ofRounds' : 'others';
        if (payload.length > largest[kind].bytes)
          largest[kind] = {
            bytes: payload.length,
            where: `${type}, event ${event.eventId?.toString()} ${kindOf(event)}`,
          };
      }
    }
  }
  return largest;
}

/** All payloads anywhere in an event. */
function payloadsOf(value: unknown): Uint8Array[] {
  if (value instanceof Uint8Array) return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap(payloadsOf);
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
