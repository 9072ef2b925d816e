import type { WorkflowExecutionInfo, WorkflowExecutionStatusName } from '@temporalio/client';
import pMap from 'p-map';
import {
  clusterIn,
  isOperationType,
  operationStates,
  operationTypes,
  type OperationState,
  type OperationStatus,
  type OperationType,
} from '../contract/index.js';
import { momentIn } from '../text/moment.js';
import { request, type Context } from './temporal/context.js';
import { firstInput } from './start/first-input.js';
import { clusterOfId } from './start/ids.js';
import { readStatus } from './live/status.js';

/** Which operations to list. */
export interface ListOptions {
  cluster?: string;
  /** Closed ones too, as far back as Temporal keeps them. */
  all?: boolean;
  /** At most so many, the newest first; default 200. */
  limit?: number;
  /** Without summary and attention, which cost a question for each operation. */
  brief?: boolean;
}

/** One operation in a list. Times are ISO 8601 UTC. */
export interface OperationRow {
  operation: string;
  type: OperationType;
  cluster: string;
  state: OperationState;
  startedAt: string;
  endedAt?: string;
  /** What was asked for. */
  summary?: string;
  /** The problem, when a person is needed; or what it waits for. */
  attention?: string;
}

/** Operations, newest first. Works whether or not the namespace knows our search attributes. */
export async function listOperations(context: Context, options: ListOptions): Promise<OperationRow[]> {
  const { limit = 200 } = options;
  const rows: OperationRow[] = [];
  const workflows = await executions(context, options);
  for (let from = 0; from < workflows.length && rows.length < limit; from += limit) {
    const page = await pMap(workflows.slice(from, from + limit), (info) => rowOf(context, info, options), {
      concurrency: 8,
    });
    rows.push(...page.filter((row) => row !== undefined));
  }
  return rows.slice(0, limit);
}

/** An unknown search attribute makes the whole query fail, so nothing of ours is in it unless it is needed. */
async function executions(
  context: Context,
  { cluster, all, limit = 200 }: ListOptions,
): Promise<WorkflowExecutionInfo[]> {
  const types = operationTypes.map((type) => `'${type}'`).join(', ');
  const query = `WorkflowType IN (${types})${all ? '' : " AND ExecutionStatus = 'Running'"}`;
  return request(context, async () => {
    const workflows: WorkflowExecutionInfo[] = [];
    for await (const info of context.client.workflow.list({ query })) {
      if (cluster !== undefined && !mayBeOf(info, cluster)) continue;
      workflows.push(info);
      if (workflows.length >= limit) break;
    }
    return workflows.sort((a, b) => b.startTime.getTime() - a.startTime.getTime());
  });
}

/** Whether it may be this cluster's: an id of somebody's own says nothing, then the input is looked at. */
function mayBeOf(info: WorkflowExecutionInfo, cluster: string): boolean {
  const clusterOfWorkflow = attribute(info, 'CitusCluster') ?? clusterOfId(info.workflowId);
  return clusterOfWorkflow === undefined || clusterOfWorkflow === cluster;
}

async function rowOf(
  context: Context,
  info: WorkflowExecutionInfo,
  { cluster: onlyCluster, brief = false }: ListOptions,
): Promise<OperationRow | undefined> {
  if (!isOperationType(info.type)) return undefined;
  const cluster =
    attribute(info, 'CitusCluster') ??
    clusterOfId(info.workflowId) ??
    clusterIn(await firstInput(context, info.workflowId, info.runId).catch(() => undefined)) ??
    '';
  if (onlyCluster !== undefined && cluster !== onlyCluster) return undefined;
  const open = info.status.name === 'RUNNING';
  const [status, summary] = await Promise.all([
    open && !brief ? readStatus(context, info.workflowId, 3_000).catch(() => undefined) : undefined,
    brief ? undefined : summaryOf(context, info),
  ]);
  return {
    operation: info.workflowId,
    type: info.type,
    cluster,
    state: status?.state ?? stateOf(info),
    startedAt: info.startTime.toISOString(),
    ...(info.closeTime && !open && { endedAt: info.closeTime.toISOString() }),
    ...(summary !== undefined && { summary }),
    ...attentionOf(status),
  };
}

function attentionOf(status: OperationStatus | undefined): { attention?: string } {
  if (status?.attention) return { attention: status.attention.problem };
  if (status?.state === 'waiting-for-window' && status.window?.opensAt !== undefined) {
    const { opensAt, timezone } = status.window;
    return { attention: `the maintenance window opens ${momentIn(opensAt, timezone)}` };
  }
  const approval = status?.state === 'awaiting-approval' ? ['waits for approval'] : [];
  const lines = [...approval, ...(status?.paused ? [pausedBy(status.paused)] : [])];
  return lines.length > 0 ? { attention: lines.join('; ') } : {};
}

function pausedBy({ by, reason }: NonNullable<OperationStatus['paused']>): string {
  return `paused by ${by}${reason === undefined ? '' : `: ${reason}`}`;
}

async function summaryOf(
  context: Context,
  { workflowId, runId }: WorkflowExecutionInfo,
): Promise<string | undefined> {
  try {
    const described = await request(context, () =>
      context.client.workflow.getHandle(workflowId, runId).describe(),
    );
    return await described.staticSummary();
  } catch {
    return undefined; // a courtesy; it may be gone by now
  }
}

function attribute(info: WorkflowExecutionInfo, name: string): string | undefined {
  const pair = info.typedSearchAttributes.getAll().find(({ key }) => key.name === name);
  return typeof pair?.value === 'string' ? pair.value : undefined;
}

const closedStates: Partial<Record<WorkflowExecutionStatusName, OperationState>> = {
  COMPLETED: 'done',
  CANCELLED: 'cancelled',
  FAILED: 'failed',
  TERMINATED: 'failed',
  TIMED_OUT: 'failed',
};

function stateOf(info: WorkflowExecutionInfo): OperationState {
  const closedState = closedStates[info.status.name];
  if (closedState) return closedState;
  const name = attribute(info, 'CitusState');
  return operationStates.find((state) => state === name) ?? 'running';
}
