import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { slowMoves } from '../support/slow-moves.js';
import type { Operation } from '../support/stage.js';
import type { Lane } from './lane.js';
import { reportLost } from './lost-activities.js';
import type { Event, Point } from './point.js';
import type { Scenario } from './scenario.js';
import type { TestWorker } from './worker-process.js';

/** What happens to an operation while it runs: workers die and are followed by others, faults strike. */
export interface Course {
  /** From now on things happen to this operation. */
  begin: (op: Operation) => void;
  /** Returns when all has happened that was to happen; says what did not. */
  over: () => Promise<string[]>;
  /** What the workers did. */
  events: () => Event[];
  /** Lets moves end that were made to last: only when nobody is left who would stop them. */
  end: () => Promise<void>;
}

/** For how long a move goes on after the death of its worker, before it may end. */
const adoptionMs = 2_500;
/** For how long after the end of the operation a point may still be met: activities of a terminated one run on. */
const afterglowMs = 15_000;

/** As many as may move at once. */
const slowPoints = ['slow 1', 'slow 2'];

export async function setCourse(lane: Lane, scenario: Scenario): Promise<Course> {
  const { procedure, fault, deaths } = scenario;
  const tells = tellsOf(scenario);
  const points = [...tells, ...deaths.slice(0, 1)];
  const first = lane.worker();
  const files = [await lane.arm(points)];
  const second = fault?.fault.twoWorkers ? await lane.nextWorker(points) : undefined;
  if (second) files.push(lane.eventsFile());

  const problems: string[] = [];
  const happening: Promise<void>[] = [];
  const met = new Set<string>();
  let operation: Operation | undefined;
  let isOver = false;
  let release = (): Promise<void> => Promise.resolve();
  let slowed: ReturnType<typeof slowMoves> | undefined;

  const happen = (what: Promise<void>): void => {
    happening.push(
      what.catch((error: unknown) => {
        problems.push(error instanceof Error ? (error.stack ?? error.message) : String(error));
      }),
    );
  };
  const meet = async (point: string, worker: TestWorker): Promise<void> => {
    const go = (): void => worker.go(point);
    const isNew = !met.has(point);
    met.add(point);
    if (slowPoints.includes(point)) {
      slowed ??= slowMoves(lane.cluster(), procedure.steer ? 120 : undefined);
      release = await slowed;
    }
    if (isNew && point === 'steer' && operation) {
      await procedure.steer?.act(operation, lane);
      go();
      await procedure.steer?.meanwhile?.(lane);
    }
    if (isNew && point === 'fault' && operation) {
      await fault?.fault.strike({ lane, op: operation, worker, go });
      await release();
    }
    go();
  };
  const watch = (worker: TestWorker, nextDeaths: Point[]): void => {
    worker.onPoint = (point) => happen(meet(point, worker));
    void worker.gone.then(() => {
      // A fault sees to its workers itself.
      if (!isOver && !fault) happen(succeed(worker, nextDeaths));
    });
  };
  const succeed = async (dead: TestWorker, [death, ...rest]: Point[]): Promise<void> => {
    const begun = lane.nextWorker(death ? [death] : []);
    if (!scenario.patient) await reportLost(lane.client, dead.pid);
    const next = await begun;
    files.push(lane.eventsFile());
    watch(next, rest);
    if (!scenario.slow || procedure.steer) return;
    await sleep(adoptionMs);
    await release();
  };
  const events = (): Event[] => files.flatMap(eventsIn);
  const missed = (): string[] => {
    const passed = new Set(events().flatMap(({ point }) => point ?? []));
    const wanted = [...tells, ...deaths].filter(({ name }) => !slowPoints.includes(name));
    return wanted.flatMap(({ name }) => (passed.has(name) ? [] : [`${name} never came`]));
  };

  return {
    begin: (op) => {
      operation = op;
      watch(first, deaths.slice(1));
      if (second) watch(second, []);
    },
    over: async () => {
      for (const end = Date.now() + afterglowMs; missed().length > 0 && Date.now() < end;) await sleep(100);
      while (happening.length > 0) await happening.shift();
      return [...problems, ...missed()];
    },
    events,
    end: async () => {
      isOver = true;
      await release().catch(() => undefined);
    },
  };
}

function tellsOf({ procedure, fault, slow }: Scenario): Point[] {
  const tells: Point[] = [];
  // All batches that begin together wait until it is so.
  if (slow)
    tells.push(
      ...slowPoints.map((name, index): Point => ({
        name,
        activity: 'moveShardGroups',
        nth: index + 1,
        moment: 'before',
        act: 'tell',
      })),
    );
  if (procedure.steer) tells.push({ ...procedure.steer.at, name: 'steer', act: 'tell' });
  if (fault) tells.push(fault.at);
  return tells;
}

function eventsIn(file: string): Event[] {
  if (!existsSync(file)) return [];
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Event);
}
