import { defaultPayloadConverter } from '@temporalio/client';
import { request, type Context } from '../temporal/context.js';

/** The input that a workflow was started with, from the first event of its history. */
export async function firstInput(context: Context, workflowId: string, runId?: string): Promise<unknown> {
  const answer = await request(context, () =>
    context.client.workflowService.getWorkflowExecutionHistory({
      namespace: context.target.namespace,
      execution: { workflowId, ...(runId !== undefined && { runId }) },
      maximumPageSize: 1,
    }),
  );
  const started = answer.history?.events?.[0]?.workflowExecutionStartedEventAttributes;
  const payload = started?.input?.payloads?.[0];
  return payload ? defaultPayloadConverter.fromPayload<unknown>(payload) : undefined;
}
