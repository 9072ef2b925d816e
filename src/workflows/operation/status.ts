import { setCurrentDetails, upsertSearchAttributes, workflowInfo } from '@temporalio/workflow';
import { defineSearchAttributeKey } from '@temporalio/common';
import {
  isOver,
  type Attention,
  type OperationState,
  type OperationStatus,
  type OperationType,
  type Step,
  type WindowStatus,
} from '../../contract/index.js';
import type { OperationRequest } from '../../contract/internal/request.js';
import { renderDetails } from './page/details.js';
import type { HowLeft } from './how-left.js';

const clusterAttribute = defineSearchAttributeKey('CitusCluster', 'KEYWORD');
const operationAttribute = defineSearchAttributeKey('CitusOperation', 'KEYWORD');
const stateAttribute = defineSearchAttributeKey('CitusState', 'KEYWORD');
const nodesAttribute = defineSearchAttributeKey('CitusNodes', 'KEYWORD_LIST');

/**
 * The status of an operation: the answer to `status`, the current details in the Temporal UI, and the search
 * attributes. Whoever changes something calls {@link Status.publish}.
 */
export interface Status {
  view: OperationStatus;
  notes: string[];
  moved: {
    bytes: number;
    shardGroups: number;
    /** Shard groups that were moved with writes blocked. */
    blocking: number;
    /** Moves of batches without an answer. */
    unanswered: string[];
    /** The longest that writes to a shard group waited; absent: no move blocked any. */
    stall?: { expectedSeconds: number; measuredSeconds: number };
  };
  /** What the operation does when nobody stopped, paused or troubled it. */
  phase: OperationState;
  paused: { by: string; reason?: string } | undefined;
  /** Whether nothing moves because of the maintenance window. */
  waitsForWindow: boolean;
  /** What the windows say now; absent: there are none. */
  window?: () => WindowStatus;
  /** What running batches have told of, beyond the progress in `view`: for the page, clients add what is live themselves. */
  aheadOfProgress: number;
  /** Past a point of no return: how the cluster is left when the operation ends now. */
  howLeft: HowLeft | undefined;
  /** Calls that wait for a person, or retry for over a minute, by activity id. */
  troubles: Map<string, Attention>;
  /** Set once the input was checked. */
  request: OperationRequest | undefined;
  publish: () => void;
  /** Names the nodes that the operation is about, for the `CitusNodes` search attribute. */
  about: (nodes: string[]) => void;
}

/** The status of an operation whose input isn't checked yet. */
export function createStatus(type: OperationType, cluster: string): Status {
  const status: Status = {
    view: { operation: workflowInfo().workflowId, type, cluster, state: 'planning', steps: [], checks: [] },
    notes: [],
    moved: { bytes: 0, shardGroups: 0, blocking: 0, unanswered: [] },
    phase: 'planning',
    paused: undefined,
    waitsForWindow: false,
    aheadOfProgress: 0,
    howLeft: undefined,
    troubles: new Map(),
    request: undefined,
    publish: () => publish(status),
    about: (nodes) => {
      if (status.request?.searchAttributes.includes('CitusNodes')) {
        upsertSearchAttributes([{ key: nodesAttribute, value: nodes.slice(0, 50) }]);
      }
    },
  };
  return status;
}

/** Tells who the operation is, once: its cluster and type never change. */
export function introduce(status: Status, request: OperationRequest): void {
  status.request = request;
  const { view } = status;
  if (request.url !== undefined) view.url = request.url;
  if (request.input.reason !== undefined) view.reason = request.input.reason;
  if (request.input.requestedBy !== undefined) view.requestedBy = request.input.requestedBy;
  const pairs = [
    { name: 'CitusCluster', pair: { key: clusterAttribute, value: view.cluster } },
    { name: 'CitusOperation', pair: { key: operationAttribute, value: view.type } },
    { name: 'CitusState', pair: { key: stateAttribute, value: view.state } },
  ] as const;
  const attributes = pairs.filter(({ name }) => request.searchAttributes.includes(name));
  if (attributes.length > 0) upsertSearchAttributes(attributes.map(({ pair }) => pair));
  status.publish();
}

function publish(status: Status): void {
  const { view } = status;
  const before = view.state;
  view.state = stateOf(status);
  const [trouble] = status.troubles.values();
  if (trouble) view.attention = isCancelling(view) ? { ...trouble, during: 'cancelling' } : trouble;
  else delete view.attention;
  if (status.paused && !isOver(status.phase) && !isCancelling(view)) view.paused = status.paused;
  else delete view.paused;
  if (status.window) view.window = status.window();
  else delete view.window;
  setCurrentDetails(renderDetails(view, status.notes, status.aheadOfProgress));
  if (view.state !== before && status.request?.searchAttributes.includes('CitusState')) {
    upsertSearchAttributes([{ key: stateAttribute, value: view.state }]);
  }
}

/** Whether a cancel was asked for, and not refused. */
export function isCancelling({ cancel }: OperationStatus): boolean {
  return cancel !== undefined && cancel.refused === undefined;
}

function stateOf(status: Status): OperationState {
  const { phase, paused, waitsForWindow, troubles, view } = status;
  if (isOver(phase)) return phase;
  if (troubles.size > 0) return 'needs-attention';
  if (isCancelling(view)) return 'cancelling';
  if (phase !== 'running') return phase;
  if (paused) return 'paused';
  return waitsForWindow ? 'waiting-for-window' : phase;
}

/** Lists the steps ahead, so that a person sees where the operation is going. Those that are over stay, unless they come again. */
export function announceSteps(status: Status, names: readonly string[]): void {
  const over = status.view.steps.filter(({ name, state }) => state !== 'pending' && !names.includes(name));
  status.view.steps = [...over, ...names.map((name) => ({ name, state: 'pending' as const }))];
  status.publish();
}

/** The step of that name, which is added when it isn't there. */
export function stepOf(status: Status, name: string): Step {
  const existing = status.view.steps.find((step) => step.name === name);
  if (existing) return existing;
  const step: Step = { name, state: 'pending' };
  status.view.steps.push(step);
  return step;
}

/** Runs one step of the procedure and shows when it began, how it ended and what came of it. */
export async function runStep<T>(status: Status, name: string, work: (step: Step) => Promise<T>): Promise<T> {
  const step = stepOf(status, name);
  step.state = 'running';
  step.startedAt = new Date().toISOString();
  status.publish();
  try {
    const result = await work(step);
    step.state = 'done';
    return result;
  } catch (error) {
    step.state = 'failed';
    throw error;
  } finally {
    step.endedAt = new Date().toISOString();
    status.publish();
  }
}

/** Marks a step that came to its end as failed: it found what speaks against going on. */
export function failStep(status: Status, name: string, why: string): void {
  Object.assign(stepOf(status, name), { state: 'failed', detail: why } satisfies Partial<Step>);
  status.publish();
}

/** Marks a step as skipped. */
export function skipStep(status: Status, name: string, why?: string): void {
  const skipped: Partial<Step> = { state: 'skipped', ...(why !== undefined && { detail: why }) };
  Object.assign(stepOf(status, name), skipped);
  status.publish();
}
