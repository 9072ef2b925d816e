import type { Db } from '../../citus/session/connect.js';
import type { ClusterNode } from '../../citus/nodes/nodes.js';
import type { ShardGroup } from '../../citus/tables/shard-groups.js';
import { does } from '../../contract/index.js';
import { refused } from '../../failures.js';
import { count, formatBytes } from '../../text/figures.js';
import { measureOf, percent, strategyNamed, unevennessNow } from '../plan/strategy.js';

export interface EvenedOrder {
  cluster: string;
  strategy?: string | undefined;
  movesTotal: number;
  /** Unevenness before, by the strategy's measure. */
  before: number;
}

/** Whether the data lies better than before, by the strategy's own measure. @throws NotImproved with the figures */
export async function evened(
  db: Db,
  groups: ShardGroup[],
  nodes: ClusterNode[],
  { cluster, strategy: name, movesTotal, before }: EvenedOrder,
): Promise<string> {
  const strategy = await strategyNamed(db, cluster, name);
  const now = unevennessNow(groups, nodes, await measureOf(db, strategy, groups, nodes));
  const figures = `unevenness by ${strategy.name} ${percent(before)} → ${percent(now)}`;
  if (now < before) return figures;
  throw refused(
    'NotImproved',
    `${count(movesTotal, 'move')} later the data is not spread better: ${figures}`,
    {
      cluster,
      evidence: [figures],
      remedies: [
        ...(strategy.name === 'by_disk_size' && strategy.baseCost > 0
          ? [
              `each shard group counts ${formatBytes(strategy.baseCost)} more than its size: for small shards lower citus.rebalancer_by_disk_size_base_cost`,
            ]
          : []),
        'look whether someone else moved shards or loaded data meanwhile',
        does('health', 'look at the balance, and start again to move the rest', { cluster }),
      ],
    },
  );
}
