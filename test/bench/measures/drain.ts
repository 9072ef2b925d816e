import { startCluster, type Flavour, type SandboxCluster } from '../../../sandbox/index.js';
import { bigKeys, loadBig } from '../big-data.js';
import { startPgbench, type PgbenchReport } from '../load.js';
import { timed, type Figure, type Measure } from '../measure.js';
import { plainDrain } from '../plain.js';
import { onBench, stepSeconds } from '../scale-out.js';

const workers = 3;
const parallelMoves = 8;
/** 32 shard groups on each worker, all small. */
const load = (cluster: SandboxCluster): Promise<void> => loadBig(cluster, 20e6, 32 * workers);

interface Side {
  seconds: number;
  steps?: string;
  load?: PgbenchReport;
}

/** A worker with 32 small shard groups is emptied: by us, by citus_drain_node, by Citus's own job; quiet, and under a write load. */
export const drain: Measure = {
  name: 'drain',
  flavours: ['citus'],
  run: async (flavour) => {
    const figures: Figure[] = [];
    for (const busy of [false, true]) {
      const mine = await ours(flavour, busy);
      const node = await plain(flavour, busy, 'citus_drain_node');
      const job = await plain(flavour, busy, 'background job');
      const where = busy ? ', under pgbench' : '';
      figures.push(
        ratio(`drain of 32 small shard groups against citus_drain_node${where}`, mine, node, busy),
        ratio(`the same against Citus's own background job${where}`, mine, job, busy),
        ...(busy ? loads(mine, node, job) : []),
      );
    }
    return figures;
  },
};

function ratio(what: string, mine: Side, other: Side, busy: boolean): Figure {
  const figure: Figure = {
    what,
    value: other.seconds / mine.seconds,
    unit: 'times',
    detail: `${mine.seconds.toFixed(1)} s (${mine.steps ?? ''}) against ${other.seconds.toFixed(1)} s`,
  };
  return busy ? figure : { ...figure, goal: { atLeast: 10 } };
}

function loads(mine: Side, node: Side, job: Side): Figure[] {
  const others = (key: keyof PgbenchReport): string =>
    `citus_drain_node: ${node.load?.[key].toFixed(0) ?? '?'}, job: ${job.load?.[key].toFixed(0) ?? '?'}`;
  return [
    {
      what: 'statements of pgbench that failed while the worker was emptied',
      value: mine.load?.failed ?? NaN,
      unit: 'failed',
      goal: { atMost: 0 },
      detail: others('failed'),
    },
    {
      what: 'longest transaction of pgbench meanwhile',
      value: mine.load?.longest ?? NaN,
      unit: 'ms',
      detail: others('longest'),
    },
    { what: 'p99 of pgbench meanwhile', value: mine.load?.p99 ?? NaN, unit: 'ms', detail: others('p99') },
  ];
}

function ours(flavour: Flavour, busy: boolean): Promise<Side> {
  return onBench(
    flavour,
    load,
    async ({ cluster, scaler }) => {
      const pgbench = busy ? await startPgbench(cluster, bigKeys) : undefined;
      const { seconds, result: report } = await timed(async () => {
        const nodes = [last(cluster).address];
        return (
          await scaler.drainWorker({ cluster: 'demo', nodes, parallelMoves, approval: 'auto' })
        ).result();
      });
      const side: Side = { seconds, steps: stepSeconds(report) };
      if (pgbench) side.load = await pgbench.stop();
      return side;
    },
    workers,
  );
}

async function plain(
  flavour: Flavour,
  busy: boolean,
  how: 'citus_drain_node' | 'background job',
): Promise<Side> {
  const cluster = await startCluster({ flavour, workers });
  try {
    await load(cluster);
    const pgbench = busy ? await startPgbench(cluster, bigKeys) : undefined;
    const side: Side = { seconds: await plainDrain(cluster, last(cluster), how) };
    if (pgbench) side.load = await pgbench.stop();
    return side;
  } finally {
    await cluster.stop();
  }
}

function last(cluster: SandboxCluster) {
  const node = cluster.workers.at(-1);
  if (!node) throw new Error('the cluster has no worker');
  return node;
}
