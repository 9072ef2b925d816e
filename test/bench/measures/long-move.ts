import { loadData } from '../../../sandbox/data.js';
import { flavours } from '../../../sandbox/flavour.js';
import { startCluster } from '../../../sandbox/index.js';
import type { Measure } from '../measure.js';
import { withPretence } from '../pretend.js';
import { eventsOf } from '../scale-out.js';

const seconds = 60;

/** Moves that take long: what history grows by meanwhile. */
export const longMove: Measure = {
  name: 'long-move',
  flavours,
  run: async (flavour) => {
    const cluster = await startCluster({ flavour, workers: 2 });
    try {
      await loadData(cluster, { shards: 4 });
      const node = await cluster.addNode();
      return await withPretence(cluster, 3_600, async ({ client, scaler }) => {
        const operation = await scaler.scaleOut({ cluster: 'demo', nodes: [node.address], approval: 'auto' });
        for await (const { progress } of operation.watch()) if ((progress?.movingTotal ?? 0) > 0) break;
        await new Promise((resolve) => setTimeout(resolve, 5_000));
        const before = await eventsOf(client, operation.id);
        await new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
        const after = await eventsOf(client, operation.id);
        return [
          {
            what: 'more events an hour while long moves run',
            value: ((after.length - before.length) * 3_600) / seconds,
            unit: 'events',
            goal: { atMost: 0 },
            detail: `${after.length - before.length} in ${seconds} s, after ${before.length}`,
          },
        ];
      });
    } finally {
      await cluster.stop();
    }
  },
};
