import type { SandboxCluster } from '../../../sandbox/index.js';
import { bigKeys, loadBig } from '../big-data.js';
import { startPgbench, type PgbenchReport } from '../load.js';
import { timed, type Figure, type Measure } from '../measure.js';
import { onBench } from '../scale-out.js';

interface Side {
  seconds: number;
  /** Through the coordinator, and through another worker. */
  loads: PgbenchReport[];
  /** What was written and is not there. */
  missing: number;
}

/** A worker is replaced under pgbench, which enters through the coordinator and through another worker: by clone, and by moves. */
export const replace: Measure = {
  name: 'replace',
  flavours: ['citus'],
  run: async () => {
    const clone = await side('clone');
    const move = await side('move');
    const told = ({ seconds, loads }: Side): string =>
      `${seconds.toFixed(1)} s; ${loads.map(({ transactions }) => transactions).join(' and ')} transactions`;
    const figures = (what: string, { loads, missing, ...rest }: Side, judged: boolean): Figure[] => [
      {
        what: `longest transaction while a worker is replaced by ${what}`,
        value: Math.max(...loads.map(({ longest }) => longest)),
        unit: 'ms',
        ...(judged && { goal: { atMost: 1_000 } }),
        detail: told({ loads, missing, ...rest }),
      },
      {
        what: `statements that failed, or rows that are missing, meanwhile (${what})`,
        value: loads.reduce((sum, { failed }) => sum + failed, missing),
        unit: 'failed',
        goal: { atMost: 0 },
      },
    ];
    return [...figures('clone', clone, true), ...figures('moves', move, false)];
  },
};

function side(method: 'clone' | 'move'): Promise<Side> {
  return onBench(
    'citus',
    (cluster: SandboxCluster) => loadBig(cluster, 20e6, 24),
    async ({ cluster, scaler }) => {
      const [other, old] = cluster.workers;
      if (!other || !old) throw new Error('the cluster has no workers');
      const ready = method === 'clone' ? await cluster.standbyOf(old) : await cluster.addNode();
      const loads = [await startPgbench(cluster, bigKeys), await startPgbench(cluster, bigKeys, other)];
      const { seconds } = await timed(async () =>
        (
          await scaler.replaceWorker({
            cluster: 'demo',
            node: old.address,
            with: ready.address,
            method,
            approval: 'auto',
          })
        ).result(),
      );
      const reports: PgbenchReport[] = [];
      for (const load of loads) reports.push(await load.stop());
      const [row] = await cluster.query<{ n: number }>('select count(*)::int as n from load_log');
      const written = reports.reduce((sum, { transactions }) => sum + transactions, 0);
      return { seconds, loads: reports, missing: Math.max(0, written - (row?.n ?? 0)) };
    },
    3,
  );
}
