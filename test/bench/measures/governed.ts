import { setTimeout as sleep } from 'node:timers/promises';
import type { Flavour } from '../../../sandbox/index.js';
import { bigKeys, loadBig } from '../big-data.js';
import { startPgbench, type PgbenchReport } from '../load.js';
import type { Figure, Measure } from '../measure.js';
import { onBench } from '../scale-out.js';

const limits = { maxCpuPressure: 60, maxStatementSeconds: 0.5, every: '1s' };

interface Side {
  seconds: number;
  load: PgbenchReport;
  /** Moves at once that the governor came to, in their order. */
  numbers: number[];
}

/** 8 moves at once of 32 small shard groups under a steady write load, with and without a governor. */
export const governed: Measure = {
  name: 'governed',
  flavours: ['citus'],
  run: async (flavour) => {
    const free = await side(flavour);
    const held = await side(flavour, limits);
    const took = `${held.seconds.toFixed(1)} s with ${held.numbers.join(', ') || 'no change'}, against ${free.seconds.toFixed(1)} s`;
    const figure = (what: 'p99' | 'longest', name: string): Figure => ({
      what: `${name} of pgbench while 8 moves at once are governed`,
      value: held.load[what],
      unit: 'ms',
      detail: `${free.load[what].toFixed(0)} ms without; ${took}`,
    });
    return [
      figure('p99', 'p99'),
      figure('longest', 'longest transaction'),
      {
        what: 'statements of pgbench that failed meanwhile',
        value: held.load.failed,
        unit: 'failed',
        goal: { atMost: 0 },
        detail: `${free.load.failed} without`,
      },
    ];
  },
};

function side(flavour: Flavour, governor?: object): Promise<Side> {
  return onBench(
    flavour,
    (cluster) => loadBig(cluster, 600e6),
    async ({ cluster, scaleOut }) => {
      const nodes = [await cluster.addNode(), await cluster.addNode()].map(({ address }) => address);
      const pgbench = await startPgbench(cluster, bigKeys);
      await sleep(3_000);
      const { seconds, report } = await scaleOut({ nodes, parallelMoves: 8 });
      const numbers = (report.governor?.changes ?? []).map(({ parallelMoves }) => parallelMoves);
      return { seconds, numbers, load: await pgbench.stop() };
    },
    2,
    governor ? { governor } : {},
  );
}
