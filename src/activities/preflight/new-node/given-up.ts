import type { Dirt } from '../../../citus/new-server/dirt.js';
import type { ClusterNode } from '../../../citus/nodes/nodes.js';
import type { ServerFacts } from '../../../citus/nodes/server-facts.js';
import { emptyAgain } from '../../../citus/salvage/empty-again.js';
import { does, type Check } from '../../../contract/index.js';
import { count } from '../../../text/figures.js';
import { failed, passed } from '../check.js';

/**
 * Checks that the server is none that was given up and came back: what its metadata places on it may be the only copy of
 * those rows. Registered, it would be taken for empty, and moves replace tables of the same names (measured, docs/citus.md).
 */
export function notGivenUp(
  node: string,
  { localGroup }: ServerFacts,
  { ownShards }: Dirt,
  { nodes, cluster }: { nodes: ClusterNode[]; cluster: { database: string } },
): Check {
  if (ownShards === 0 || nodes.some(({ groupId }) => groupId === localGroup))
    return passed('new-node-given-up', `${node} holds no shards of an earlier time as a worker`);
  return failed(
    'new-node-given-up',
    `${node} was a worker before, node group ${localGroup ?? '?'}: its own metadata says that it holds ${count(ownShards, 'shard')}, whose rows may be nowhere else`,
    does(
      'salvageWorker',
      `bring over the rows that only it has; then empty it: ${emptyAgain(node, cluster.database)}`,
      { node },
    ),
  );
}
