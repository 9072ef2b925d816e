import { changes, differences, unsound } from './compare.js';
import { lateMs as usualLateMs } from '../support/late.js';
import type { Ending } from './ending.js';
import { openLane, type Lane } from './lane.js';
import { isSpent } from './procedures/by-clone.js';
import type { Procedure } from './procedures/procedure.js';
import { run, type Run } from './run.js';
import type { Scenario } from './scenario.js';
import { recording, scenariosOf } from './scenarios.js';

export interface Result {
  id: string;
  /** A line each; none when the end was right. */
  problems: string[];
  seconds: number;
}

export interface Wishes {
  seed: number;
  lanes: number;
  procedures: Procedure[];
  wanted: (id: string) => boolean;
  /** Folder of the build. */
  build: string;
  /** Told of each case when it is over. */
  tell?: (result: Result) => void;
  /** How long after the end of what somebody stopped it is looked at again; default {@link lateMs}. */
  lateMs?: number;
}

/** Records each procedure once, and runs all cases that follow, on several lanes side by side. */
export async function runMatrix(wishes: Wishes): Promise<Result[]> {
  const { seed, lanes, procedures, wanted, build, tell, lateMs = usualLateMs } = wishes;
  const open: Lane[] = [];
  const toRecord = [...procedures];
  const toRun: { scenario: Scenario; recorded: Run }[] = [];
  const results: Result[] = [];
  const done = (result: Result): void => {
    results.push(result);
    tell?.(result);
  };
  const work = async (lane: Lane): Promise<void> => {
    for (let procedure = toRecord.shift(); procedure; procedure = toRecord.shift()) {
      const scenario = recording(procedure);
      const recorded = await run(lane, scenario, lateMs);
      const problems = wrongIn(recorded, procedure);
      lane.inOrder = problems.length === 0 && mayBeTakenBack(procedure);
      if (problems.length > 0)
        done({
          id: scenario.id,
          problems: [`it ended so: ${recorded.ending.outcome}`, ...problems],
          seconds: 0,
        });
      const scenarios = scenariosOf(procedure, recorded, seed).filter(({ id }) => wanted(id));
      toRun.push(...scenarios.map((scenario) => ({ scenario, recorded })));
    }
    for (let next = toRun.shift(); next; next = toRun.shift()) {
      done(await judge(lane, next.scenario, next.recorded, lateMs));
    }
  };
  try {
    for (let lane = 0; lane < lanes; lane += 1) open.push(await openLane(build));
    await Promise.all(open.map(work));
    return results;
  } finally {
    await Promise.all(open.map((lane) => lane.end()));
  }
}

async function judge(lane: Lane, scenario: Scenario, recorded: Run, lateMs: number): Promise<Result> {
  const began = Date.now();
  const problems = await run(lane, scenario, lateMs).then(
    (seen) => [...wrongIn(seen, scenario.procedure), ...wrongBeside(seen, scenario, recorded)],
    (error: unknown) => [error instanceof Error ? (error.stack ?? error.message) : String(error)],
  );
  lane.inOrder = problems.length === 0 && mayBeTakenBack(scenario.procedure);
  return { id: scenario.id, problems, seconds: (Date.now() - began) / 1_000 };
}

/** What is wrong beside what the run without crashes came to. */
function wrongBeside({ ending }: Run, scenario: Scenario, recorded: Run): string[] {
  const { fault, procedure } = scenario;
  if (procedure.maySpend && isSpent(ending)) return [];
  return fault?.fault.judge?.(ending) ?? differences(recorded.ending, ending, scenario);
}

/** What is wrong whatever the other runs were like. */
function wrongIn({ ending, before, later }: Run, procedure: Procedure): string[] {
  const isInVain = procedure.maySpend === true && isSpent(ending);
  return [
    ...unsound(
      procedure.maySpend ? withoutThrownAway(ending) : ending,
      before,
      isInVain ? { ...procedure, undone: true } : procedure,
    ),
    ...(later ? changes(ending, later) : []),
  ];
}

/** A clone that was thrown away keeps what it has: it is fenced, and stopped for good. */
function withoutThrownAway(ending: Ending): Ending {
  const { machines, settings, nodes } = ending;
  const isThrownAway = (line: string): boolean => {
    const [name = ''] = line.split(': ');
    return (
      machines.running.includes(`${name}: stopped`) && !nodes.some((node) => node.startsWith(`${name}: `))
    );
  };
  return { ...ending, settings: settings.filter((line) => !isThrownAway(line)) };
}

function mayBeTakenBack({ befall, changesRows }: Procedure): boolean {
  return befall === undefined && changesRows !== true;
}
