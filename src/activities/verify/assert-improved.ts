import type { Db } from '../../citus/session/connect.js';
import type { ClusterNode } from '../../citus/nodes/nodes.js';
import type { ShardGroup } from '../../citus/tables/shard-groups.js';
import { does } from '../../contract/index.js';
import { refused } from '../../failures.js';
import { improvementOf } from '../../planning/improvement.js';
import { sourceGroups, type Sources } from '../../planning/sources.js';
import type { Load } from '../../planning/strategy-measure.js';
import { count } from '../../text/figures.js';
import { eligible, measureOf, strategyNamed } from '../plan/strategy.js';

/** The figures that an improvement is judged by. */
export interface ImprovementOrder {
  cluster: string;
  /** The cluster's default one when absent. */
  strategy?: string | undefined;
  /** Where the shards of all moves lay before. */
  sources: Sources;
}

/**
 * Whether the data lies better than where it lay before the moves, by the strategy's own measure; answers the figures.
 *
 * @throws NotImproved when nothing at all got better
 */
export async function assertImproved(
  db: Db,
  groups: ShardGroup[],
  nodes: ClusterNode[],
  { cluster, strategy: name, sources }: ImprovementOrder,
): Promise<string> {
  const strategy = await strategyNamed(db, cluster, name);
  const measure = await measureOf(db, strategy, groups, nodes);
  const { movedGroups, before, after, isBetter } = improvementOf(
    groups,
    eligible(nodes),
    measure,
    sourceGroups(sources, nodes),
  );
  const moves = Object.values(sources).reduce((sum, shardIds) => sum + shardIds.length, 0);
  // Nodes were emptied, or the tables are gone: there is nothing that could be better.
  if (movedGroups === 0) return count(moves, 'move');
  // Not what nodes hold, which the balance tells: by_disk_size counts a base cost for each shard group besides its bytes.
  const figures = `counts ${shares(before, after, Math.max)} times the mean for the fullest node, ${shares(before, after, Math.min)} for the emptiest`;
  if (isBetter) return `better: strategy ${strategy.name} ${figures}`;
  throw refused(
    'NotImproved',
    `${count(moves, 'move')} later the data is not spread better: strategy ${strategy.name} ${figures}`,
    {
      cluster,
      evidence: [`strategy ${strategy.name} ${figures}`],
      remedies: [
        'look whether someone else moved shards meanwhile, or loaded or deleted much data',
        does('health', 'look at the balance, and start again to move the rest', { cluster }),
      ],
    },
  );
}

/** `3.90 → 2.10`: one of the nodes over their mean, before and after. */
function shares(before: Load[], after: Load[], extreme: (...loads: number[]) => number): string {
  return [before, after]
    .map((each) => {
      const loads = each.map(({ utilisation }) => utilisation);
      const mean = loads.reduce((sum, load) => sum + load, 0) / Math.max(1, loads.length);
      return (mean === 0 ? 0 : extreme(...loads) / mean).toFixed(2);
    })
    .join(' → ');
}
