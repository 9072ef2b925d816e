import { startCluster, type Flavour, type SandboxNode, type SandboxCluster } from '../../../sandbox/index.js';
import { bigKeys, loadBig } from '../big-data.js';
import { floorOf } from '../floor.js';
import { startPgbench, type PgbenchReport } from '../load.js';
import type { Measure } from '../measure.js';
import { plainRebalance } from '../plain.js';
import { onBench, stepSeconds } from '../scale-out.js';

const bytes = 2e9;
const parallelMoves = 4;

interface Side {
  seconds: number;
  steps?: string;
  load?: PgbenchReport;
  floor?: number;
}

/** 2 to 4 workers with 2 GB in 32 shards, so that 1 GB moves: quiet, and under a steady write load. */
export const bigShards: Measure = {
  name: 'big-shards',
  flavours: ['citus'],
  run: async (flavour) => {
    const quiet = { ours: await ours(flavour, false), plain: await plain(flavour, false) };
    const busy = { ours: await ours(flavour, true), plain: await plain(flavour, true) };
    return [
      {
        what: 'the same, 1 GB to move',
        value: quiet.plain.seconds / quiet.ours.seconds,
        unit: 'times',
        goal: { atLeast: 3 },
        detail: `${told(quiet.ours)} against ${told(quiet.plain)}`,
      },
      {
        what: 'time of that against worker-to-worker COPY and index build of the same shards',
        value: quiet.ours.seconds / (quiet.ours.floor ?? NaN),
        unit: 'times',
        goal: { atMost: 2 },
        detail: `${told(quiet.ours)} against ${quiet.ours.floor?.toFixed(1)} s`,
      },
      {
        what: '1 GB to move under pgbench',
        value: busy.plain.seconds / busy.ours.seconds,
        unit: 'times',
        goal: { atLeast: 3 },
        detail: `${told(busy.ours)} against ${told(busy.plain)}`,
      },
      {
        what: 'statements of pgbench that failed meanwhile',
        value: busy.ours.load?.failed ?? NaN,
        unit: 'failed',
        goal: { atMost: 0 },
        detail: `plain: ${busy.plain.load?.failed}`,
      },
      {
        what: 'longest transaction of pgbench meanwhile',
        value: busy.ours.load?.longest ?? NaN,
        unit: 'ms',
        goal: { atMost: busy.plain.load?.longest ?? 0 },
        detail: `plain: ${busy.plain.load?.longest.toFixed(0)} ms`,
      },
      {
        what: 'p99 of pgbench meanwhile',
        value: busy.ours.load?.p99 ?? NaN,
        unit: 'ms',
        detail: `plain: ${busy.plain.load?.p99.toFixed(0)} ms`,
      },
    ];
  },
};

const load = (cluster: SandboxCluster): Promise<void> => loadBig(cluster, bytes);

function ours(flavour: Flavour, busy: boolean): Promise<Side> {
  return onBench(flavour, load, async ({ cluster, scaleOut }) => {
    const nodes = await twoMore(cluster);
    const floor = busy ? undefined : await floorOf(cluster, nodes, parallelMoves);
    const pgbench = busy ? await startPgbench(cluster, bigKeys) : undefined;
    const { seconds, report } = await scaleOut({ nodes: nodes.map(({ address }) => address), parallelMoves });
    const side: Side = { seconds, steps: stepSeconds(report) };
    if (floor !== undefined) side.floor = floor;
    if (pgbench) side.load = await pgbench.stop();
    return side;
  });
}

async function plain(flavour: Flavour, busy: boolean): Promise<Side> {
  const cluster = await startCluster({ flavour, workers: 2 });
  try {
    await load(cluster);
    const nodes = await twoMore(cluster);
    const pgbench = busy ? await startPgbench(cluster, bigKeys) : undefined;
    const side: Side = { seconds: await plainRebalance(cluster, nodes) };
    if (pgbench) side.load = await pgbench.stop();
    return side;
  } finally {
    await cluster.stop();
  }
}

async function twoMore(cluster: SandboxCluster): Promise<SandboxNode[]> {
  return [await cluster.addNode(), await cluster.addNode()];
}

function told({ seconds, steps }: Side): string {
  return `${seconds.toFixed(1)} s${steps === undefined ? '' : ` (${steps})`}`;
}
