import { setTimeout as sleep } from 'node:timers/promises';
import { WorkflowFailedError } from '@temporalio/client';
import { ApplicationFailure, rootCause } from '@temporalio/common';
import type { OperationReport } from '../../src/contract/index.js';
import { operation, type Operation } from '../support/stage.js';
import { setCourse } from './course.js';
import { observeEnding, readBeginning, type Beginning, type Ending } from './ending.js';
import { openWorkflows, type Lane } from './lane.js';
import type { Event } from './point.js';
import type { Scenario } from './scenario.js';

export interface Run {
  ending: Ending;
  /** Of what somebody stopped: the same some seconds later, when all that was begun at a server has had time to show. */
  later?: Ending;
  before: Beginning;
  report: OperationReport;
  events: Event[];
}

const deadlineMs = 420_000;
let runs = 0;

/** @throws when it doesn't end, or when something that was to happen did not */
export async function run(lane: Lane, scenario: Scenario, lateMs: number): Promise<Run> {
  const { procedure, fault } = scenario;
  await lane.reset();
  const more = (await procedure.prepare?.(lane)) ?? {};
  const before = await readBeginning(lane.cluster());
  const befallen = (await procedure.befall?.(lane)) ?? {};
  const course = await setCourse(lane, scenario);
  runs += 1;
  const op = operation(lane.client, `crash-${process.pid}-${runs}`);
  course.begin(op);
  try {
    await lane.client.workflow.start(procedure.type, {
      taskQueue: 'citus-scaler',
      workflowId: op.id,
      args: [{ cluster: 'demo', approval: 'auto', ...procedure.input, ...more, ...befallen }],
    });
    const outcome = await outcomeOf(lane, op);
    const problems = await course.over();
    if (problems.length > 0) throw new Error(problems.join('\n'));
    const open = await openInTheEnd(lane);
    await course.end();
    await fault?.fault.mend?.(lane);
    await procedure.afterwards?.(lane);
    const report = { notes: [], movedShardGroups: 0, ...(await op.status()) } as unknown as OperationReport;
    const ending = await observeEnding(lane.folder, outcome, report, open);
    if (procedure.steer) await sleep(lateMs);
    return {
      ending,
      ...(procedure.steer && { later: await observeEnding(lane.folder, outcome, report, open) }),
      before,
      report,
      events: course.events(),
    };
  } finally {
    await course.end();
  }
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
  const { state, attention, steps } = await op.status();
  const { raw } = await lane.client.workflow.getHandle(op.id).describe();
  const pending = (raw.pendingActivities ?? []).map(({ activityType, attempt, lastFailure }) => ({
    activity: activityType?.name,
    attempt,
    failure: lastFailure?.message,
  }));
  return JSON.stringify({ state, attention, steps, pending }, null, 1);
}

/** The lock keeper of a terminated operation ends after it. */
async function openInTheEnd(lane: Lane): Promise<string[]> {
  for (const end = Date.now() + 60_000; ;) {
    const open = await openWorkflows(lane.client);
    if (open.length === 0 || Date.now() > end) return open.map(({ type }) => type);
    await sleep(100);
  }
}
