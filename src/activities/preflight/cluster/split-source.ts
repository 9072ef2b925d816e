import { readWal } from '../../../citus/hold/clone.js';
import { activeWorkers, type ClusterNode } from '../../../citus/nodes/nodes.js';
import { readServerFacts } from '../../../citus/nodes/server-facts.js';
import { withNode } from '../../../citus/session/connect.js';
import type { ShardGroup } from '../../../citus/tables/shard-groups.js';
import type { ClusterConfig } from '../../../config/index.js';
import { readSession } from '../../runtime/context.js';

/** The worker whose shards are to be split, as far as it is named, and the standby that takes a part of them. */
export interface SplitWish {
  source?: string | undefined;
  clone?: string | undefined;
}

/**
 * The worker whose shards a clone splits: the one that is named, or the one that the standby follows, or that with most data.
 *
 * @returns its row, or why none could be chosen
 */
export async function sourceOf(
  cluster: ClusterConfig,
  nodes: readonly ClusterNode[],
  groups: readonly ShardGroup[],
  { source, clone }: SplitWish,
): Promise<ClusterNode | { why: string }> {
  const workers = activeWorkers(nodes);
  if (source !== undefined)
    return (
      workers.find(({ node }) => node.toLowerCase() === source) ?? {
        why: `${source} is no active worker of this cluster`,
      }
    );
  if (clone !== undefined) return followedBy(cluster, workers, clone);
  const bytesOf = ({ groupId }: ClusterNode): number =>
    groups
      .filter((group) => group.movable && group.groupId === groupId)
      .reduce((sum, { bytes }) => sum + bytes, 0);
  const [most] = workers
    .filter(({ shouldHaveShards }) => shouldHaveShards)
    .sort((a, b) => bytesOf(b) - bytesOf(a));
  return most ?? { why: 'the cluster has no worker that holds shards' };
}

/** Servers that were made of one another share a system identifier, and have timelines of their own. */
async function followedBy(
  cluster: ClusterConfig,
  workers: readonly ClusterNode[],
  clone: string,
): Promise<ClusterNode | { why: string }> {
  const look = (node: string): Promise<string | undefined> =>
    withNode(cluster, node, readSession('preflight'), async (db) => {
      const { systemIdentifier } = await readServerFacts(db);
      return systemIdentifier === null
        ? undefined
        : `${systemIdentifier} ${(await readWal(db)).timeline ?? ''}`;
    }).catch(() => undefined);
  const own = await look(clone);
  const those = await Promise.all(workers.map(async (row) => ((await look(row.node)) === own ? row : [])));
  const [row, ...others] = own === undefined ? [] : those.flat();
  return row && others.length === 0
    ? row
    : {
        why: `of which worker ${clone} is a standby can't be told: it doesn't answer as one, or fits ${others.length > 0 ? 'several' : 'none'}`,
      };
}
