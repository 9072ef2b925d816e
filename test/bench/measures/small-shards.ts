import { loadData } from '../../../sandbox/data.js';
import { startCluster } from '../../../sandbox/index.js';
import type { Measure } from '../measure.js';
import { plainRebalance } from '../plain.js';
import { onBench, stepSeconds } from '../scale-out.js';

/** 2 to 4 workers, 32 shards a table in two colocation groups: 32 moves of small shard groups, online. */
export const smallShards: Measure = {
  name: 'small-shards',
  flavours: ['citus'],
  run: async (flavour) => {
    const ours = await onBench(flavour, loadData, async ({ cluster, scaleOut }) => {
      const nodes = [await cluster.addNode(), await cluster.addNode()].map(({ address }) => address);
      return scaleOut({ nodes, parallelMoves: 8 });
    });
    const cluster = await startCluster({ flavour, workers: 2 });
    try {
      await loadData(cluster);
      const plain = await plainRebalance(cluster, [await cluster.addNode(), await cluster.addNode()]);
      return [
        {
          what: 'scale-out against plain citus_rebalance_start(), 32 small shard groups, online',
          value: plain / ours.seconds,
          unit: 'times',
          goal: { atLeast: 10 },
          detail: `${ours.seconds.toFixed(1)} s (${stepSeconds(ours.report)}) against ${plain.toFixed(1)} s`,
        },
      ];
    } finally {
      await cluster.stop();
    }
  },
};
