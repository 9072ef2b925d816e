import { defaultPayloadConverter, type WorkflowExecutionDescription } from '@temporalio/client';
import { governorLimits, type LoadFigure, type MoveHeartbeat, type Moving } from '../../contract/index.js';

/** A running batch of moves: its last heartbeat, and how often it was tried. */
export interface LiveBatch {
  heartbeat: MoveHeartbeat;
  attempt: number;
  /** Why the attempt before failed. */
  lastFailure?: string;
}

/** The batches that run now, from the heartbeats of the workflow's pending activities. */
export function liveBatches(description: WorkflowExecutionDescription): LiveBatch[] {
  return beatsOf(description).flatMap(({ activity, beat }) => {
    const heartbeat = parseHeartbeat(beat);
    if (!heartbeat) return [];
    const lastFailure = activity.lastFailure?.timeoutFailureInfo
      ? 'the worker was away'
      : activity.lastFailure?.message;
    return [{ heartbeat, attempt: activity.attempt ?? 1, ...(lastFailure && { lastFailure }) }];
  });
}

/** The load as the activity that watches it read it last. */
export function liveLoad(description: WorkflowExecutionDescription): LoadFigure[] | undefined {
  const [latest] = beatsOf(description).flatMap(({ beat }) => {
    const fields = fieldsOf(beat);
    const figures = fields.get('figures');
    return fields.get('kind') === 'governor' && Array.isArray(figures) ? [figures as unknown[]] : [];
  });
  return latest?.flatMap((figure) => parseFigure(figure) ?? []);
}

function parseFigure(value: unknown): LoadFigure | undefined {
  const fields = fieldsOf(value);
  const limitedBy = governorLimits.find((name) => name === fields.get('limitedBy'));
  if (limitedBy === undefined) return undefined;
  return { limitedBy, value: count(fields.get('value')), limit: count(fields.get('limit')) };
}

function beatsOf({ raw }: WorkflowExecutionDescription) {
  return (raw.pendingActivities ?? []).flatMap((activity) => {
    const payload = activity.heartbeatDetails?.payloads?.[0];
    return payload ? [{ activity, beat: decode(payload) }] : [];
  });
}

function decode(payload: Parameters<typeof defaultPayloadConverter.fromPayload>[0]): unknown {
  try {
    return defaultPayloadConverter.fromPayload<unknown>(payload);
  } catch {
    return undefined; // encrypted or of another kind: live progress is a courtesy
  }
}

/** A heartbeat was written by a worker of any version: what doesn't fit is left out. */
export function parseHeartbeat(value: unknown): MoveHeartbeat | undefined {
  const fields = fieldsOf(value);
  if (fields.get('kind') !== 'moves') return undefined;
  const current = parseMoving(fields.get('current'));
  return {
    kind: 'moves',
    ...optional('attempt', fields.get('attempt')),
    movesDone: count(fields.get('movesDone')),
    bytesDone: count(fields.get('bytesDone')),
    ...(current && { current }),
  };
}

function parseMoving(value: unknown): Moving | undefined {
  const fields = fieldsOf(value);
  const from = fields.get('from');
  const to = fields.get('to');
  if (typeof from !== 'string' || typeof to !== 'string') return undefined;
  const tables = fields.get('tables');
  const phase = fields.get('phase');
  const message = fields.get('message');
  return {
    from,
    to,
    tables: Array.isArray(tables) ? tables.filter((table): table is string => typeof table === 'string') : [],
    phase: typeof phase === 'string' ? phase : 'waiting',
    attempt: Math.max(1, count(fields.get('attempt'))),
    ...optional('lagBytes', fields.get('lagBytes')),
    ...optional('copiedBytes', fields.get('copiedBytes')),
    ...optional('bytes', fields.get('bytes')),
    ...(typeof message === 'string' && { message }),
  };
}

function optional<Name extends string>(name: Name, value: unknown): Partial<Record<Name, number>> {
  const result: Partial<Record<Name, number>> = {};
  if (typeof value === 'number' && Number.isFinite(value) && value >= 0) result[name] = value;
  return result;
}

function count(value: unknown): number {
  return typeof value === 'number' && Number.isFinite(value) && value > 0 ? value : 0;
}

function fieldsOf(value: unknown): Map<string, unknown> {
  return new Map<string, unknown>(typeof value === 'object' && value !== null ? Object.entries(value) : []);
}
