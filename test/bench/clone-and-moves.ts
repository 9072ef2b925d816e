import type { ScalerClient } from '../../src/client/index.js';
import type { SandboxCluster } from '../../sandbox/index.js';
import { bigKeys, loadBig } from './big-data.js';
import { startPgbench, type PgbenchReport } from './load.js';
import { timed, type Figure } from './measure.js';
import { onBench } from './scale-out.js';

interface Side {
  seconds: number;
  /** Through the coordinator, and through another worker. */
  loads: PgbenchReport[];
  /** What was written and is not there. */
  missing: number;
}

type Method = 'clone' | 'move';

/** Lets a standby, or an empty server, come; the worker is the one that the standby follows. */
type Come = (scaler: ScalerClient, method: Method, worker: string, ready: string) => Promise<unknown>;

/** Does the same by clone and by moves, under pgbench that enters through the coordinator and through another worker. */
export async function bothWays(what: string, workers: number, come: Come): Promise<Figure[]> {
  const clone = await side('clone', workers, come);
  const move = await side('move', workers, come);
  const figures = (how: string, { seconds, loads, missing }: Side, judged: boolean): Figure[] => [
    {
      what: `longest transaction ${what} by ${how}`,
      value: Math.max(...loads.map(({ longest }) => longest)),
      unit: 'ms',
      ...(judged && { goal: { atMost: 1_000 } }),
      detail: `${seconds.toFixed(1)} s; ${loads.map(({ transactions }) => transactions).join(' and ')} transactions`,
    },
    {
      what: `statements that failed, or rows that are missing, ${what} by ${how}`,
      value: loads.reduce((sum, { failed }) => sum + failed, missing),
      unit: 'failed',
      goal: { atMost: 0 },
    },
  ];
  return [...figures('clone', clone, true), ...figures('moves', move, false)];
}

function side(method: Method, workers: number, come: Come): Promise<Side> {
  return onBench(
    'citus',
    (cluster: SandboxCluster) => loadBig(cluster, 20e6, 24),
    async ({ cluster, scaler }) => {
      const [other, old] = cluster.workers;
      if (!other || !old) throw new Error('the cluster has no workers');
      const ready = method === 'clone' ? await cluster.standbyOf(old) : await cluster.addNode();
      const loads = [await startPgbench(cluster, bigKeys), await startPgbench(cluster, bigKeys, other)];
      const { seconds } = await timed(() => come(scaler, method, old.address, ready.address));
      const reports: PgbenchReport[] = [];
      for (const load of loads) reports.push(await load.stop());
      const [row] = await cluster.query<{ n: number }>('select count(*)::int as n from load_log');
      const written = reports.reduce((sum, { transactions }) => sum + transactions, 0);
      return { seconds, loads: reports, missing: Math.max(0, written - (row?.n ?? 0)) };
    },
    workers,
  );
}
