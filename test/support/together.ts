import type { SandboxCluster } from '../../sandbox/index.js';
import type { Operation, Stage } from './stage.js';

/** What became of the two operations of one cluster: the report's state, or `Type: message` of the failure. */
export interface Outcome {
  name: string;
  cluster: SandboxCluster;
  drained: string;
  removed: string;
  /** The most operations that moved data on it at one moment. */
  movements: number;
}

/** Starts on every cluster of the stage, all at once, a drain and a removal of the same worker. */
export async function drainAndRemoveEverywhere(stage: Stage): Promise<Outcome[]> {
  const clusters = [stage.cluster, ...stage.others].map((cluster, index) => ({
    name: index === 0 ? 'demo' : `demo${index + 1}`,
    cluster,
  }));
  const watch = watchMovements(clusters.map(({ cluster }) => cluster));
  const ends = await Promise.all(
    clusters.map(async ({ name, cluster }) => {
      const nodes = [cluster.workers[1]?.address ?? ''];
      const drain = await stage.start('drainWorker', `${name}-drain`, { cluster: name, nodes });
      const remove = { cluster: name, nodes, ifBusy: 'wait' } as const;
      const removal = await stage.start('removeWorker', `${name}-remove`, remove);
      const [drained, removed] = await Promise.all([outcomeOf(drain), outcomeOf(removal)]);
      return { name, cluster, drained, removed };
    }),
  );
  const most = await watch.end();
  return ends.map((end, index) => ({ ...end, movements: most[index] ?? 0 }));
}

async function outcomeOf(op: Operation): Promise<string> {
  try {
    return (await op.result()).state;
  } catch (error) {
    const cause = (error as { cause?: { type?: string; message?: string } }).cause;
    return `${cause?.type ?? ''}: ${cause?.message ?? ''}`;
  }
}

/** Counts, again and again, the operations that move data on each cluster at one moment. */
function watchMovements(all: SandboxCluster[]): { end: () => Promise<number[]> } {
  const most = all.map(() => 0);
  const over = new AbortController();
  const looking = (async () => {
    while (!over.signal.aborted) {
      for (const [index, cluster] of all.entries()) {
        const [row] = await cluster.query<{ n: number }>(
          `select count(distinct split_part(application_name, ':move:', 1))::int as n from pg_stat_activity
            where application_name ~ '^citus-scaler:.*:move:' and state = 'active'`,
        );
        most[index] = Math.max(most[index] ?? 0, row?.n ?? 0);
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  })();
  return {
    end: async () => {
      over.abort();
      await looking;
      return most;
    },
  };
}
