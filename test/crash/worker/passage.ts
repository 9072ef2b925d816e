import { AsyncLocalStorage } from 'node:async_hooks';
import { appendFileSync } from 'node:fs';
import type { Call, Event, FromWorker, Moment, Point } from '../point.js';

/** One attempt of an activity that runs in this process. */
export interface Execution {
  workflowType: string;
  activity: string;
  nth: number;
  attempt: number;
  /** How often each call was made so far. */
  calls: Map<string, number>;
}

export const current = new AsyncLocalStorage<Execution>();

let points: Point[] = [];
let eventsFile = '';
/** Activity ids in the order in which they were seen, by name of the activity. */
let seen = new Map<string, string[]>();
const waiting = new Map<string, () => void>();

/** From now on these points count, and everything is logged there. */
export function arm(wanted: Point[], file: string): void {
  points = wanted;
  eventsFile = file;
  seen = new Map();
}

/** The how manieth execution of its activity this is; another attempt is the same one. */
export function nthOf(activity: string, id: string): number {
  const ids = seen.get(activity) ?? [];
  if (!ids.includes(id)) ids.push(id);
  seen.set(activity, ids);
  return ids.indexOf(id) + 1;
}

export function tell(message: FromWorker): void {
  process.send?.(message);
}

export function goOn(point: string): void {
  waiting.get(point)?.();
  waiting.delete(point);
}

/** Written at once: the process may be dead a moment later. */
export function record(execution: Execution, event: Event['event'], more: Partial<Event> = {}): void {
  if (eventsFile === '') return;
  const { calls: _, ...who } = execution;
  appendFileSync(eventsFile, `${JSON.stringify({ at: Date.now(), event, ...who, ...more })}\n`);
}

/** The point that waits at this moment, if any; it is met once. */
export function meet(execution: Execution, moment: Moment, call?: Call): Point | undefined {
  return take(
    (point) =>
      isOf(execution, point) &&
      point.moment === moment &&
      point.call?.label === call?.label &&
      point.call?.nth === call?.nth,
  );
}

/** Does what the point says; returns when the test says so, or never. */
export async function act(execution: Execution, point: Point | undefined): Promise<void> {
  if (!point) return;
  record(execution, 'point', { point: point.name });
  if (point.act === 'kill') die();
  await new Promise<void>((resolve) => {
    waiting.set(point.name, resolve);
    tell({ type: 'at', point: point.name });
  });
}

export async function pass(execution: Execution, moment: Moment, call?: Call): Promise<void> {
  await act(execution, meet(execution, moment, call));
}

/** An execution has ended: a call that was waited for and never came is made up for now. */
export async function passMissed(execution: Execution): Promise<void> {
  for (let missed = point(); missed; missed = point()) await act(execution, missed);
  function point(): Point | undefined {
    return take((each) => isOf(execution, each));
  }
}

function die(): never {
  process.kill(process.pid, 'SIGKILL');
  throw new Error('still alive after SIGKILL');
}

function isOf({ activity, nth }: Execution, point: Point): boolean {
  return point.activity === activity && point.nth === nth;
}

function take(wanted: (point: Point) => boolean): Point | undefined {
  const found = points.find(wanted);
  if (found) points = points.filter((each) => each !== found);
  return found;
}
