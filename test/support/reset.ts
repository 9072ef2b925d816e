import type { Stage } from './stage.js';

/** RESET_REAPPLY_TYPE_NONE of Temporal's API: signals and updates after that point are not sent again. */
const reapplyNothing = { resetReapplyType: 2 };

/** Resets an operation to the end of one of its workflow tasks, by default the last. */
export async function resetOperation(stage: Stage, id: string, which = -1): Promise<void> {
  await resetTo(stage, id, (await completedTasks(stage, id)).at(which) ?? null);
}

/** Resets an operation to where it began to wait for its first update. What it was told from then on is forgotten. */
export async function resetToFirstUpdate(stage: Stage, id: string): Promise<void> {
  const { events } = await stage.client.workflow.getHandle(id).fetchHistory();
  const update = (events ?? []).findIndex((event) => event.workflowExecutionUpdateAcceptedEventAttributes);
  const before = new Set((events ?? []).slice(0, update).map(({ eventId }) => String(eventId)));
  const tasks = (await completedTasks(stage, id)).filter((eventId) => before.has(String(eventId)));
  // The last of these is the one that took the update.
  await resetTo(stage, id, tasks.at(-2) ?? null, reapplyNothing);
}

type EventId = NonNullable<Awaited<ReturnType<typeof completedTasks>>[number]>;

async function completedTasks({ client }: Stage, id: string) {
  const { events } = await client.workflow.getHandle(id).fetchHistory();
  return (events ?? [])
    .filter((event) => event.workflowTaskCompletedEventAttributes)
    .map(({ eventId }) => eventId);
}

async function resetTo(
  { client }: Stage,
  id: string,
  eventId: EventId | null,
  how: object = {},
): Promise<void> {
  await client.workflowService.resetWorkflowExecution({
    namespace: 'default',
    workflowExecution: { workflowId: id },
    workflowTaskFinishEventId: eventId,
    requestId: id,
    reason: 'test',
    ...how,
  });
}
