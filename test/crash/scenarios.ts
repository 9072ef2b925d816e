import type { OperationReport } from '../../src/contract/index.js';
import { faults } from './fault.js';
import type { Call, Event, Moment, Point } from './point.js';
import type { Procedure } from './procedures/procedure.js';
import { randomOf } from './random.js';
import type { Run } from './run.js';
import type { Scenario } from './scenario.js';

/** An activity as it ran when nothing happened. */
interface Execution {
  activity: string;
  nth: number;
  at: number;
  /** It began before what the procedure is about. */
  begun: boolean;
  calls: { call: Call; changing: boolean }[];
}

const moveCall = 'citus_move_shard_placement';

/** The run without crashes. */
export function recording(procedure: Procedure): Scenario {
  return {
    id: `${procedure.name}/recording`,
    procedure,
    deaths: [],
    slow: isMoveHeld(procedure),
    patient: false,
  };
}

/** Somebody steers in the middle of a move. */
function isMoveHeld({ steer }: Procedure): boolean {
  return steer?.at.call?.label === moveCall;
}

/** All cases that follow from a recording. What is left to chance hangs on the seed and the case alone. */
export function scenariosOf(procedure: Procedure, recorded: Run, seed: number): Scenario[] {
  const executions = executionsIn(recorded.events, procedure.steer);
  const wanted = executions.filter(({ activity, nth }) => procedure.crashes?.(activity, nth) ?? true);
  return [
    ...wanted.flatMap((execution) => crashesOf(procedure, execution, seed)),
    ...(procedure.faults ? faultsOf(procedure, executions, recorded.report) : []),
  ];
}

function executionsIn(events: Event[], steer: Procedure['steer']): Execution[] {
  const found = new Map<string, Execution>();
  const past = new Set<string>();
  let isOn = steer === undefined;
  for (const { event, activity, nth, at, call, changing = false, point } of events) {
    const name = `${activity}#${nth}`;
    const known = found.get(name);
    if (event === 'begin' && !known) found.set(name, { activity, nth, at, begun: !isOn, calls: [] });
    if (event === 'point' && point === 'steer') isOn = true;
    // What runs beside the point may be a little before or after it, up to where the point itself is.
    const isSteered = call !== undefined && call.label === steer?.at.call?.label;
    const isBeside = known?.begun === true && (isSteered || !past.has(name));
    if (event === 'call' && isSteered) past.add(name);
    if (event === 'call' && call && isOn && !isBeside) known?.calls.push({ call, changing });
    if (event === 'end' && !isOn) found.delete(name);
  }
  return [...found.values()];
}

function crashesOf(procedure: Procedure, execution: Execution, seed: number): Scenario[] {
  const { activity, nth, begun, calls } = execution;
  const crash = (what: string, ...deaths: Omit<Point, 'name' | 'activity' | 'nth' | 'act'>[]): Scenario => {
    const id = `${procedure.name}/${activity}#${nth}/${what}`;
    const isCut = ({ call, moment }: Pick<Point, 'call' | 'moment'>): boolean =>
      // A later one would wait for ever: what makes moves last makes all of them last.
      call?.label === moveCall && call.nth === 1 && moment !== 'answered';
    return {
      id,
      procedure,
      deaths: deaths.map((death, index) => ({
        ...death,
        name: `death ${index + 1}`,
        activity,
        // The next worker sees an execution that was cut off as its first of that activity.
        nth: index === 0 ? nth : 1,
        act: 'kill',
      })),
      slow: isMoveHeld(procedure) || (activity === 'moveShardGroups' && nth === 1 && deaths.some(isCut)),
      isCutOff: begun,
      patient: randomOf(seed, id)() < 0.1,
    };
  };
  const during = duringOf(execution, seed, procedure).map(({ call, moment, delayMs }) =>
    crash(`${moment}:${call.label}#${call.nth}`, {
      call,
      moment,
      ...(delayMs === undefined ? {} : { delayMs }),
    }),
  );
  // Once it is cancelled, an execution that was cut off is not tried again.
  const twice = !begun && calls.some(({ changing }) => changing) ? during[0]?.deaths[0] : undefined;
  return [
    ...(begun ? [] : [crash('before', { moment: 'before' })]),
    ...during,
    ...(twice?.call
      ? [
          crash(`twice:${twice.moment}:${twice.call.label}#${twice.call.nth}`, pointless(twice), {
            moment: 'after',
          }),
        ]
      : []),
    crash('after', { moment: 'after' }),
  ];
}

function pointless({ moment, call, delayMs }: Point): Pick<Point, 'moment' | 'call' | 'delayMs'> {
  return { moment, ...(call && { call }), ...(delayMs === undefined ? {} : { delayMs }) };
}

/**
 * Each statement that may change something, at a moment that the seed chooses; without one, any statement. After a
 * cancel nobody tries again, so that it matters most what was not sent any more.
 */
function duringOf(
  { activity, nth, calls }: Execution,
  seed: number,
  { name, steer }: Procedure,
): { call: Call; moment: Moment; delayMs?: number }[] {
  const random = randomOf(seed, `${name}/${activity}#${nth}`);
  const changing = calls.filter((each) => each.changing);
  const any = calls[Math.floor(random() * calls.length)];
  const chosen = changing.length > 0 ? changing : any ? [any] : [];
  const moments = steer ? (['sent', 'answered'] as const) : (['unsent', 'sent', 'sent', 'answered'] as const);
  return chosen.flatMap(({ call }) => {
    const moment = moments[Math.floor(random() * moments.length)] ?? 'sent';
    // A program has hardly begun when it is started.
    const delayMs = Math.floor(random() * 3) * 400;
    const late = call.label.startsWith('program-') && moment === 'sent' ? { delayMs } : {};
    return [...(steer ? [{ call, moment: 'unsent' } as const] : []), { call, moment, ...late }];
  });
}

function faultsOf(procedure: Procedure, executions: Execution[], report: OperationReport): Scenario[] {
  const started = executions.findIndex(({ calls }) =>
    calls.some(({ call }) => call.label === 'program-start'),
  );
  return report.steps.flatMap(({ name, startedAt = '', endedAt = '' }) => {
    const inStep = executions.filter(({ at }) => at >= Date.parse(startedAt) && at <= Date.parse(endedAt));
    const makes = (test: (each: Execution['calls'][number]) => boolean): Execution | undefined =>
      inStep.find(({ calls }) => calls.some(test));
    const execution = makes(({ call }) => call.label === moveCall) ?? makes(isChangingStatement) ?? inStep[0];
    if (!execution) return [];
    const { activity, nth, calls } = execution;
    const call = calls.find(isChangingStatement)?.call;
    const where = call ? ({ moment: 'sent', call } as const) : ({ moment: 'before' } as const);
    const at: Point = { ...where, name: 'fault', activity, nth, act: 'tell' };
    const hasWorker = started >= 0 && executions.indexOf(execution) > started;
    return faults
      .filter(({ toNewWorker }) => !toNewWorker || hasWorker)
      .map((fault) => ({
        id: `${procedure.name}/${name.replaceAll(' ', '-')}/${fault.name}`,
        procedure,
        deaths: [],
        fault: { fault, at },
        slow: call?.label === moveCall,
        patient: false,
      }));
  });
}

function isChangingStatement({ call, changing }: { call: Call; changing: boolean }): boolean {
  return changing && !call.label.startsWith('program-');
}
