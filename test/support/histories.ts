import type { Client } from '@temporalio/client';

/** Everything that Temporal keeps of all workflows, as readable text by workflow id: payloads are decoded. */
export async function histories(client: Client): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for await (const { workflowId, runId, memo } of client.workflow.list()) {
    const history = await client.workflow.getHandle(workflowId, runId).fetchHistory();
    found.set(`${workflowId} ${runId}`, [...texts(history), ...texts(memo)].join('\n'));
  }
  return found;
}

/** All strings in a value, whatever its shape; bytes are read as text. */
function texts(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (value instanceof Uint8Array) return [Buffer.from(value).toString()];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) => [name, ...texts(inner)]);
}
