import { Client, Connection, type WorkflowHandle } from '@temporalio/client';
import type { ConfigWishes } from '../../sandbox/config-file.js';
import { startStack, type Stack } from '../../sandbox/stack.js';
import type { Flavour, SandboxCluster } from '../../sandbox/index.js';
import { ScalerClient } from '../../src/client/index.js';
import type { OperationReport, ScaleOutInput } from '../../src/contract/index.js';
import { timed } from './measure.js';

type Events = NonNullable<Awaited<ReturnType<WorkflowHandle['fetchHistory']>>['events']>;
export type HistoryEvent = Events[number];

export interface ScaleOutRun {
  seconds: number;
  report: OperationReport;
  events: HistoryEvent[];
}

export interface Bench {
  stack: Stack;
  cluster: SandboxCluster;
  client: Client;
  scaler: ScalerClient;
  /** Adds two servers to the cluster, from start to result. */
  scaleOut: (input?: Partial<ScaleOutInput>) => Promise<ScaleOutRun>;
}

/** Two workers, or more, with the data that `load` puts there, Temporal, a worker process; ended in any case. */
export async function onBench<T>(
  flavour: Flavour,
  load: (cluster: SandboxCluster) => Promise<unknown>,
  work: (bench: Bench) => Promise<T>,
  workers = 2,
  wishes: ConfigWishes = {},
): Promise<T> {
  const stack = await startStack({ flavour, workers, wishes });
  try {
    const { cluster, temporal } = stack;
    await load(cluster);
    const connection = await Connection.connect({ address: temporal.address });
    try {
      const client = new Client({ connection });
      const scaler = ScalerClient.from(client, temporal.address);
      const scaleOut = (input: Partial<ScaleOutInput> = {}) => runScaleOut(client, scaler, input);
      return await work({ stack, cluster, client, scaler, scaleOut });
    } finally {
      await connection.close();
    }
  } finally {
    await stack.stop();
  }
}

async function runScaleOut(
  client: Client,
  scaler: ScalerClient,
  input: Partial<ScaleOutInput>,
): Promise<ScaleOutRun> {
  const { seconds, result } = await timed(async () => {
    const operation = await scaler.scaleOut({ cluster: 'demo', approval: 'auto', ...input });
    return { id: operation.id, report: await operation.result() };
  });
  return { seconds, report: result.report, events: await eventsOf(client, result.id) };
}

export async function eventsOf(client: Client, id: string): Promise<HistoryEvent[]> {
  const { events } = await client.workflow.getHandle(id).fetchHistory();
  return events ?? [];
}

/** Where the time went, step by step. */
export function stepSeconds({ steps }: OperationReport): string {
  return steps
    .flatMap(({ name, startedAt, endedAt }) =>
      startedAt && endedAt
        ? [`${name} ${((Date.parse(endedAt) - Date.parse(startedAt)) / 1000).toFixed(1)}`]
        : [],
    )
    .join(', ');
}
