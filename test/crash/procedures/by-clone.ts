import { setTimeout as sleep } from 'node:timers/promises';
import type { Ending } from '../ending.js';
import type { Lane } from '../lane.js';
import type { Procedure } from './procedure.js';
import { terminateAndWait } from './terminate.js';
import { startWriters, type Writers } from './writers.js';

const inHold = {
  activity: 'holdTraffic',
  nth: 1,
  moment: 'unsent',
  call: { label: 'citus_promote_clone_and_rebalance', nth: 1 },
} as const;

const writersOf = new WeakMap<Lane, Writers>();

/** A standby of the first worker; while it comes and the shards are split, rows are written through every server. */
const byClone = {
  type: 'scaleOut',
  input: { method: 'clone', add: 1 },
  maySpend: true,
  prepare: (lane) => Promise.resolve({ source: lane.cluster().workers[0]?.address }),
  befall: async (lane) => {
    await writersOf.get(lane)?.stop();
    writersOf.set(lane, await startWriters(lane.cluster()));
    return {};
  },
  afterwards: async (lane) => {
    const problems = (await writersOf.get(lane)?.over(lane.cluster())) ?? ['nobody wrote'];
    if (problems.length > 0) throw new Error(problems.join('\n'));
  },
  crashes: (activity) =>
    /^planScaleOut$|Clone|[Hh]old|Split|Machine|Replacement|^undo$|endStatements/.test(activity),
} satisfies Partial<Procedure>;

/** A clone that was promoted, and got no shards, is of no use to anybody: everything is as before then. */
export function isSpent({ outcome }: Pick<Ending, 'outcome'>): boolean {
  return /^PlanChanged: .* was promoted, and the switch to it was not made/.test(outcome);
}

/** A worker that is added as a clone of another, and the same stopped within its hold. */
export const scaleOutByClone: Procedure[] = [
  { ...byClone, name: 'scale-out-clone' },
  {
    ...byClone,
    name: 'scale-out-clone-cancelled',
    undone: true,
    racy: true,
    steer: {
      at: { activity: 'holdTraffic', nth: 1, moment: 'unsent', call: { label: 'begin', nth: 1 } },
      // Its activity hears of that with a heartbeat.
      act: async (op) => {
        await op.cancel();
        await sleep(8_000);
      },
    },
  },
  {
    ...byClone,
    name: 'scale-out-clone-terminated',
    undone: true,
    racy: true,
    steer: { at: inHold, act: terminateAndWait },
  },
];
