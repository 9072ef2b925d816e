import type { Client } from '@temporalio/client';
import { MockActivityEnvironment } from '@temporalio/testing';
import type { Pages } from '../../src/activities/operation/temporal-pages.js';
import type { LockViews } from '../../src/activities/lock/lock-views.js';
import type { ActivityContext } from '../../src/activities/runtime/context.js';
import type { ClusterConfig, Config } from '../../src/config/index.js';
import type { Attention } from '../../src/contract/index.js';

const lockId = 'lock';
const workflowExecution = { workflowId: 'operation', runId: 'run' };

/** An activity of an operation that holds the lock, as one attempt of it runs, while Temporal waits for that or another. */
export interface ActivityStage {
  clusters: ClusterConfig[];
  attempt?: number;
  /** The attempt that Temporal waits for; default: the one that runs. */
  awaited?: number;
  /** Milliseconds ago that it was scheduled. */
  ageMs?: number;
  /** Ids of the entries in the ledger of the lock keeper. */
  ledger?: string[];
  /** Gets the attentions that it asks for; null takes the last one back. */
  told?: (Attention | null)[];
  context?: Partial<ActivityContext>;
}

/** Runs an activity with Temporal answering as it does for an operation that holds the lock `lock`. */
export function asActivity<T>(
  {
    clusters,
    attempt = 1,
    awaited = attempt,
    ageMs = 0,
    ledger = [],
    told = [],
    context = {},
  }: ActivityStage,
  work: (context: ActivityContext) => Promise<T>,
): Promise<T> {
  const described: Record<string, object> = {
    [lockId]: { memo: { holder: workflowExecution }, raw: {} },
    [workflowExecution.workflowId]: { raw: { pendingActivities: [{ activityId: '7', attempt: awaited }] } },
  };
  const getHandle = (workflowId: string) => ({
    describe: () => Promise.resolve({ status: { name: 'RUNNING' }, ...described[workflowId] }),
    signal: (_: string, __: string, attention: Attention | null) => {
      told.push(attention);
      return Promise.resolve();
    },
    query: () => Promise.resolve(ledger),
  });
  const client = { workflow: { getHandle } } as unknown as Client;
  const environment = new MockActivityEnvironment({
    attempt,
    activityId: '7',
    workflowExecution,
    scheduledTimestampMs: Date.now() - ageMs,
  });
  return environment.run<[], T, () => Promise<T>>(() =>
    work({ config: { clusters }, client, ...context } as ActivityContext),
  );
}

/** Nobody holds a lock, and nothing was handed over. */
export const noLocks: LockViews = {
  readHolding: () => Promise.resolve('nobody'),
  readHandedOver: () => Promise.resolve([]),
};

/** What an inspection knows of its worker. */
export const whereOf = (config: Config): Pages => ({ config, namespace: 'default', searchAttributes: [] });
