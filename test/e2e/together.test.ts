import { afterAll, beforeAll, expect, test } from 'vitest';
import type { SandboxCluster } from '../../sandbox/index.js';
import { fingerprint, setStage, workersOf, type Operation, type Stage } from '../support/stage.js';

let stage: Stage;
let clusters: { name: string; cluster: SandboxCluster }[];
beforeAll(async () => {
  stage = await setStage({ others: 3 });
  clusters = [stage.cluster, ...stage.others].map((cluster, index) => ({
    name: index === 0 ? 'demo' : `demo${index + 1}`,
    cluster,
  }));
});
afterAll(() => stage.end());

test('operations on several clusters run at once; of two on one cluster one waits, and data moves for one only', async () => {
  const before = await Promise.all(clusters.map(({ cluster }) => fingerprint(cluster)));
  const started = await Promise.all(
    clusters.flatMap(({ name, cluster }) => {
      const nodes = [cluster.workers[1]?.address ?? ''];
      return [
        stage.start('drainWorker', `${name}-drain`, { cluster: name, nodes }),
        stage.start('removeWorker', `${name}-remove`, { cluster: name, nodes, ifBusy: 'wait' }),
      ];
    }),
  );
  const watch = watchMovements(clusters.map(({ cluster }) => cluster));
  const ends = await Promise.all(started.map(outcomeOf));
  const most = await watch.end();

  for (const [index, { name, cluster }] of clusters.entries()) {
    const [drained, removed] = ends.slice(2 * index, 2 * index + 2);
    // Whoever was first: the drain, then; or it was refused because the other held the cluster, or had removed the node.
    expect(drained).toMatch(
      new RegExp(`^(done|ClusterBusy: .*${name}-remove|PreflightRefused: .*is no node)`),
    );
    expect(removed).toBe('done');
    expect(await workersOf(cluster)).toHaveLength(1);
    expect(await fingerprint(cluster)).toEqual(before[index]);
  }
  expect(most.every((operations) => operations <= 1)).toBe(true);
  expect(most.some((operations) => operations === 1)).toBe(true);
});

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
