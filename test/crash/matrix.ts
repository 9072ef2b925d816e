import { differences } from './compare.js';
import { openLane, type Lane } from './lane.js';
import { procedures, type Procedure } from './procedure.js';
import { run, type Run, type Scenario } from './run.js';
import { recording, scenariosOf } from './scenarios.js';

export interface Result {
  id: string;
  problems: string[];
  seconds: number;
}

export interface Wishes {
  seed: number;
  lanes: number;
  wanted: (id: string) => boolean;
  bundle: string;
  /** Told of each case when it is over. */
  tell: (result: Result) => void;
}

/** Records each procedure once, and runs all cases that follow, on several lanes side by side. */
export async function runMatrix({ seed, lanes: count, wanted, bundle, tell }: Wishes): Promise<Result[]> {
  const lanes: Lane[] = [];
  try {
    for (let index = 0; index < count; index += 1) lanes.push(await openLane(bundle));
    const results: Result[] = [];
    const queue = [...procedures];
    await onAll(lanes, async (lane) => {
      for (let procedure = queue.shift(); procedure; procedure = queue.shift()) {
        const cases = await casesOf(lane, procedure, seed);
        waiting.push(...cases.filter(({ scenario }) => wanted(scenario.id)));
      }
      for (let next = waiting.shift(); next; next = waiting.shift()) {
        const result = await judge(lane, next.scenario, next.recorded);
        results.push(result);
        tell(result);
      }
    });
    return results;
  } finally {
    await Promise.all(lanes.map((lane) => lane.end()));
  }
}

const waiting: { scenario: Scenario; recorded: Run }[] = [];

async function casesOf(lane: Lane, procedure: Procedure, seed: number): Promise<typeof waiting> {
  const recorded = await run(lane, recording(procedure));
  return scenariosOf(procedure, recorded, seed).map((scenario) => ({ scenario, recorded }));
}

async function judge(lane: Lane, scenario: Scenario, recorded: Run): Promise<Result> {
  const began = Date.now();
  const problems = await run(lane, scenario).then(
    ({ ending }) => (scenario.fault?.fault.judge ?? ((seen) => differences(recorded.ending, seen)))(ending),
    (error: unknown) => [error instanceof Error ? (error.stack ?? error.message) : String(error)],
  );
  return { id: scenario.id, problems, seconds: (Date.now() - began) / 1_000 };
}

async function onAll(lanes: Lane[], work: (lane: Lane) => Promise<void>): Promise<void> {
  await Promise.all(lanes.map(work));
}
