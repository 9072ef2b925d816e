import { setCurrentDetails, upsertSearchAttributes, workflowInfo } from '@temporalio/workflow';
import { defineSearchAttributeKey } from '@temporalio/common';
import type {
  Attention,
  OperationState,
  OperationStatus,
  OperationType,
  Step,
  WindowStatus,
} from '../../contract/index.js';
import type { OperationRequest } from '../../contract/internal/request.js';
import { renderDetails } from './details.js';
import type { HowLeft } from './how-left.js';

const clusterAttribute = defineSearchAttributeKey('CitusCluster', 'KEYWORD');
const operationAttribute = defineSearchAttributeKey('CitusOperation', 'KEYWORD');
const stateAttribute = defineSearchAttributeKey('CitusState', 'KEYWORD');
const nodesAttribute = defineSearchAttributeKey('CitusNodes', 'KEYWORD_LIST');

/**
 * What an operation shows of itself: the answer to `status`, the current details in the Temporal UI, and the
 * search attributes. Whoever changes something calls {@link Board.publish}.
 */
export interface Board {
  status: OperationStatus;
  notes: string[];
  moved: {
    bytes: number;
    shardGroups: number;
    /** Moves of batches without an answer. */ unanswered: string[];
  };
  /** What the operation does when nobody stopped, paused or troubled it. */
  phase: OperationState;
  paused: { by: string; reason?: string } | undefined;
  /** Whether nothing moves because of the maintenance window. */
  waitsForWindow: boolean;
  /** What the windows say now; absent: there are none. */
  window?: () => WindowStatus;
  /** Past a point of no return: how the cluster is left when the operation ends now. */
  left: HowLeft | undefined;
  /** Calls that wait for a person, or retry for over a minute, by activity id. */
  troubles: Map<string, Attention>;
  /** Set once the input was checked. */
  request: OperationRequest | undefined;
  publish: () => void;
  /** Names the nodes that the operation is about, for the `CitusNodes` search attribute. */
  about: (nodes: string[]) => void;
}

export function createBoard(type: OperationType, cluster: string): Board {
  const board: Board = {
    status: { operation: workflowInfo().workflowId, type, cluster, state: 'planning', steps: [], checks: [] },
    notes: [],
    moved: { bytes: 0, shardGroups: 0, unanswered: [] },
    phase: 'planning',
    paused: undefined,
    waitsForWindow: false,
    left: undefined,
    troubles: new Map(),
    request: undefined,
    publish: () => publish(board),
    about: (nodes) => {
      if (board.request?.searchAttributes.includes('CitusNodes')) {
        upsertSearchAttributes([{ key: nodesAttribute, value: nodes.slice(0, 50) }]);
      }
    },
  };
  return board;
}

/** Tells who the operation is, once: its cluster and type never change. */
export function introduce(board: Board, request: OperationRequest): void {
  board.request = request;
  const { status } = board;
  if (request.url !== undefined) status.url = request.url;
  if (request.input.reason !== undefined) status.reason = request.input.reason;
  if (request.input.requestedBy !== undefined) status.requestedBy = request.input.requestedBy;
  const pairs = [
    { name: 'CitusCluster', pair: { key: clusterAttribute, value: status.cluster } },
    { name: 'CitusOperation', pair: { key: operationAttribute, value: status.type } },
    { name: 'CitusState', pair: { key: stateAttribute, value: status.state } },
  ] as const;
  const known = pairs.filter(({ name }) => request.searchAttributes.includes(name));
  if (known.length > 0) upsertSearchAttributes(known.map(({ pair }) => pair));
  board.publish();
}

function publish(board: Board): void {
  const { status } = board;
  const before = status.state;
  status.state = stateOf(board);
  const [trouble] = board.troubles.values();
  if (trouble) status.attention = isCancelling(status) ? { ...trouble, during: 'cancelling' } : trouble;
  else delete status.attention;
  if (board.paused && !isOver(board) && !isCancelling(status)) status.paused = board.paused;
  else delete status.paused;
  if (board.window) status.window = board.window();
  else delete status.window;
  setCurrentDetails(renderDetails(board));
  if (status.state !== before && board.request?.searchAttributes.includes('CitusState')) {
    upsertSearchAttributes([{ key: stateAttribute, value: status.state }]);
  }
}

function isOver({ phase }: Board): boolean {
  return phase === 'done' || phase === 'failed' || phase === 'cancelled';
}

/** Whether a cancel was asked for, and not refused. */
export function isCancelling({ cancel }: OperationStatus): boolean {
  return cancel !== undefined && cancel.refused === undefined;
}

function stateOf(board: Board): OperationState {
  const { phase, paused, waitsForWindow, troubles, status } = board;
  if (isOver(board)) return phase;
  if (troubles.size > 0) return 'needs-attention';
  if (isCancelling(status)) return 'cancelling';
  if (phase !== 'running') return phase;
  if (paused) return 'paused';
  return waitsForWindow ? 'waiting-for-window' : phase;
}

/** Lists the steps ahead, so that a person sees where the operation is going. */
export function announceSteps(board: Board, names: readonly string[]): void {
  board.status.steps = names.map((name) => ({ name, state: 'pending' }));
  board.publish();
}

export function stepOf(board: Board, name: string): Step {
  const known = board.status.steps.find((step) => step.name === name);
  if (known) return known;
  const step: Step = { name, state: 'pending' };
  board.status.steps.push(step);
  return step;
}

/** Runs one step of the procedure and shows when it began, how it ended and what came of it. */
export async function runStep<T>(board: Board, name: string, work: (step: Step) => Promise<T>): Promise<T> {
  const step = stepOf(board, name);
  step.state = 'running';
  step.startedAt = new Date().toISOString();
  board.publish();
  try {
    const result = await work(step);
    step.state = 'done';
    return result;
  } catch (error) {
    step.state = 'failed';
    throw error;
  } finally {
    step.endedAt = new Date().toISOString();
    board.publish();
  }
}

/** Of a step that came to its end, and found what speaks against going on. */
export function failStep(board: Board, name: string, why: string): void {
  Object.assign(stepOf(board, name), { state: 'failed', detail: why } satisfies Partial<Step>);
  board.publish();
}

export function skipStep(board: Board, name: string, why: string): void {
  Object.assign(stepOf(board, name), { state: 'skipped', detail: why } satisfies Partial<Step>);
  board.publish();
}
