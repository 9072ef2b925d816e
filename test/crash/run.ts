import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { WorkflowFailedError } from '@temporalio/client';
import { rootCause, ApplicationFailure } from '@temporalio/common';
import type { OperationReport } from '../../src/contract/index.js';
import { slowMoves } from '../support/slow-moves.js';
import { operation, type Operation } from '../support/stage.js';
import { observeEnding, readUntouched, type Ending, type Untouched } from './ending.js';
import type { Fault } from './fault.js';
import { openWorkflows, type Lane } from './lane.js';
import { reportLost } from './lost-activities.js';
import type { Event, Point } from './point.js';
import type { Procedure } from './procedure.js';
import type { TestWorker } from './worker-process.js';

/** One run of a procedure, with what happens to it. */
export interface Scenario {
  id: string;
  procedure: Procedure;
  /** Where the first worker dies, where the next one does. */
  deaths: Point[];
  fault?: { fault: Fault; at: Point } | undefined;
  /** Moves last, so that something happens in the middle of one. */
  slow: boolean;
  /** Whether Temporal finds out by itself that a worker is dead, which takes 6 to 10 s. */
  patient: boolean;
}

export interface Run {
  ending: Ending;
  /** What the operation had no business to change. */
  before: Untouched;
  report: OperationReport;
  events: Event[];
}

const deadlineMs = 300_000;
/** For how long a move goes on after the death of its worker, before it may end. */
const adoptionMs = 2_500;

let runs = 0;

export async function run(lane: Lane, scenario: Scenario): Promise<Run> {
  const { procedure, fault } = scenario;
  await lane.reset();
  const more = (await procedure.prepare?.(lane)) ?? {};
  const before = await readUntouched(lane.cluster());
  const tells = tellsOf(scenario);
  const first = lane.worker();
  const points = [...tells, ...scenario.deaths.slice(0, 1)];
  const files = [await lane.arm(points)];
  const second = fault?.fault.twoWorkers ? await lane.nextWorker(points) : undefined;
  if (second) files.push(lane.eventsFile());
  runs += 1;
  const id = `crash-${process.pid}-${runs}`;
  const course = new AbortController();
  let release = (): Promise<void> => Promise.resolve();
  const problems: string[] = [];
  let meeting: Promise<unknown> = Promise.resolve();
  const failed = (error: unknown): number =>
    problems.push(error instanceof Error ? (error.stack ?? '') : String(error));

  await lane.client.workflow.start(procedure.type, {
    taskQueue: 'citus-scaler',
    workflowId: id,
    args: [{ cluster: 'demo', approval: 'auto', ...procedure.input, ...more }],
  });
  const op = operation(lane.client, id);
  const onPoint = (worker: TestWorker) => (point: string) => {
    const go = (): void => worker.go(point);
    meeting = Promise.all([meeting, meet(point, worker, go).catch(failed)]);
  };
  const once = new Set<string>();
  const meet = async (point: string, worker: TestWorker, go: () => void): Promise<void> => {
    if (once.has(point)) {
      go();
      return;
    }
    once.add(point);
    if (point === 'slow') release = await slowMoves(lane.cluster(), procedure.steer ? 120 : undefined);
    if (point === 'steer') await procedure.steer?.act(op, lane);
    if (point === 'fault' && fault) {
      await fault.fault.strike({ lane, op, worker, go });
      await release();
    }
    go();
  };
  const watch = (worker: TestWorker, deaths: Point[]): void => {
    worker.onPoint = onPoint(worker);
    void worker.gone.then(() =>
      course.signal.aborted || fault ? undefined : succeed(worker, deaths).catch(failed),
    );
  };
  const succeed = async (dead: TestWorker, deaths: Point[]): Promise<void> => {
    const begun = lane.nextWorker(deaths.slice(0, 1));
    if (!scenario.patient) await reportLost(lane.client, dead.pid);
    const next = await begun;
    files.push(lane.eventsFile());
    watch(next, deaths.slice(1));
    if (scenario.slow && !procedure.steer) {
      await sleep(adoptionMs);
      await release();
    }
  };
  watch(first, scenario.deaths.slice(1));
  if (second) watch(second, []);

  try {
    const outcome = await outcomeOf(lane, op);
    course.abort();
    // A fault may last longer than what it struck.
    await meeting;
    await release();
    const open = await openInTheEnd(lane);
    await fault?.fault.mend?.(lane);
    const report = { notes: [], movedShardGroups: 0, ...(await op.status()) } as unknown as OperationReport;
    const ending = await observeEnding(lane.folder, outcome, report, open);
    const events = files.flatMap(eventsIn);
    const met = new Set(events.flatMap(({ point }) => point ?? []));
    for (const { name } of [...tells, ...scenario.deaths])
      if (!met.has(name)) problems.push(`the point ${name} was never reached`);
    if (problems.length > 0) throw new Error(problems.join('\n'));
    return { ending, before, report, events };
  } finally {
    course.abort();
    await release().catch(() => undefined);
  }
}

function tellsOf({ procedure, fault, slow }: Scenario): Point[] {
  const tells: Point[] = [];
  if (slow) tells.push({ name: 'slow', activity: 'moveShardGroups', nth: 1, moment: 'before', act: 'tell' });
  if (procedure.steer) tells.push({ ...procedure.steer.at, name: 'steer', act: 'tell' });
  if (fault) tells.push(fault.at);
  return tells;
}

async function outcomeOf(lane: Lane, op: Operation): Promise<string> {
  const timeUp = new AbortController();
  const late = sleep(deadlineMs, undefined, { signal: timeUp.signal }).then(async () => {
    throw new Error(`not over after ${deadlineMs / 1_000} s:\n${await describe(lane, op)}`);
  });
  late.catch(() => undefined);
  const result = op.result().then(
    ({ state }) => state,
    (error: unknown) => {
      if (!(error instanceof WorkflowFailedError)) throw error;
      const cause = error.cause;
      return cause instanceof ApplicationFailure
        ? `${cause.type ?? ''}: ${cause.message}`
        : `${cause?.name ?? ''}: ${rootCause(cause) ?? ''}`;
    },
  );
  try {
    return await Promise.race([result, late]);
  } finally {
    timeUp.abort();
  }
}

async function describe(lane: Lane, op: Operation): Promise<string> {
  const status = await op.status().catch((error: unknown) => String(error));
  const { raw } = await lane.client.workflow.getHandle(op.id).describe();
  return JSON.stringify({ status, pending: raw.pendingActivities }, null, 1).slice(0, 6_000);
}

/** The custodian of a terminated operation ends after it. */
async function openInTheEnd(lane: Lane): Promise<string[]> {
  for (const end = Date.now() + 60_000; ;) {
    const open = await openWorkflows(lane.client);
    if (open.length === 0 || Date.now() > end) return open.map(({ type }) => type);
    await sleep(100);
  }
}

function eventsIn(file: string): Event[] {
  if (!existsSync(file)) return [];
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Event);
}
