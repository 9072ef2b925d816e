import { setTimeout as sleep } from 'node:timers/promises';
import { loadData } from '../../../sandbox/data.js';
import type { SandboxCluster, SandboxNode } from '../../../sandbox/index.js';
import type { EmergencyRemoveWorkerInput } from '../../../src/contract/index.js';
import type { Figure, Measure } from '../measure.js';
import { onBench, type Bench } from '../scale-out.js';

type Way = 'no-shards' | 'standby' | 'give-up-data';

/** From the command until all queries work again, by each way out; the time that a worker must have been dead for is none of it. */
export const deadWorker: Measure = {
  name: 'dead-worker',
  flavours: ['citus'],
  run: async () => {
    const figures: Figure[] = [];
    for (const way of ['no-shards', 'standby', 'give-up-data'] as const)
      figures.push({
        what: `from the command until all queries work again, a worker dead (${way})`,
        value: await secondsBy(way),
        unit: 's',
        goal: { atMost: 10 },
      });
    return figures;
  },
};

function secondsBy(way: Way): Promise<number> {
  return onBench(
    'citus',
    (cluster: SandboxCluster) => loadData(cluster, { tenants: 400, ordersPerTenant: 50 }),
    async (bench) => {
      const [dead] = bench.cluster.workers;
      if (!dead) throw new Error('the cluster has no worker');
      const more = await prepare(way, bench, dead);
      await dead.kill();
      const input = { cluster: 'demo', node: dead.address, deadFor: '0s', ...more } as const;
      const accepted = way === 'give-up-data' ? await sentenceOf(bench, input) : {};
      const began = Date.now();
      const operation = await bench.scaler.emergencyRemoveWorker({ ...input, ...accepted });
      const approving = approve(operation);
      const back = await untilAllWorks(bench.cluster);
      await operation.result();
      await approving;
      return (back - began) / 1_000;
    },
    3,
  );
}

async function prepare(way: Way, { cluster, scaler }: Bench, dead: SandboxNode): Promise<object> {
  if (way === 'standby') return { standby: (await cluster.standbyOf(dead)).address };
  if (way === 'no-shards')
    await (await scaler.drainWorker({ cluster: 'demo', nodes: [dead.address], approval: 'auto' })).result();
  return {};
}

async function sentenceOf({ scaler }: Bench, input: EmergencyRemoveWorkerInput): Promise<object> {
  const report = await (await scaler.emergencyRemoveWorker({ ...input, dryRun: true })).result();
  return { acceptDataLoss: report.plan?.loss?.sentence };
}

/** A person who says yes at once. */
async function approve(
  operation: Awaited<ReturnType<Bench['scaler']['emergencyRemoveWorker']>>,
): Promise<void> {
  for (;;) {
    const { state } = await operation.status();
    if (state === 'awaiting-approval') {
      await operation.update('approve', { by: 'npm run bench' });
      return;
    }
    if (['done', 'failed', 'cancelled'].includes(state)) return;
    await sleep(50);
  }
}

/** When all kinds of statements work again, in milliseconds since the epoch. */
async function untilAllWorks(cluster: SandboxCluster): Promise<number> {
  for (const end = Date.now() + 120_000; Date.now() < end;) {
    try {
      await cluster.query('SELECT count(*) FROM orders JOIN tenants USING (tenant_id)');
      await cluster.query('UPDATE plans SET name = name');
      // Refused by what stands for lost shards.
      await cluster.query(
        `INSERT INTO tenants SELECT i, 'again', 1 FROM generate_series(1, 400) i ON CONFLICT DO NOTHING`,
      );
      return Date.now();
    } catch {
      await sleep(50);
    }
  }
  throw new Error('not all queries work again after 2 minutes');
}
