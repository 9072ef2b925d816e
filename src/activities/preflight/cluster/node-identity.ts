import type { NodeCapacity } from '../../../citus/nodes/capacity.js';
import { isIsolated, type ClusterNode } from '../../../citus/nodes/nodes.js';
import type { Check } from '../../../contract/index.js';
import { failed, listOf, passed } from '../check.js';

/**
 * Checks that each address leads to the server that is registered there. Nothing of Citus asks: after a failover the
 * address may be a standby's, after a repair an empty server's, and with two names mixed up moves take shards of the wrong
 * worker, or bring them there (measured, docs/citus.md).
 */
export function nodeIdentity(nodes: readonly ClusterNode[], capacities: readonly NodeCapacity[]): Check {
  const lines: string[] = [];
  const remedies: string[] = [];
  for (const each of capacities) {
    const row = nodes.find(({ node }) => node === each.node);
    if ('error' in each || !row) continue;
    const { node, groupId } = row;
    const { inRecovery, localGroup } = each.capacity;
    if (inRecovery) {
      lines.push(`${node} is a standby, and registered as a primary`);
      remedies.push(
        `if it is to be the primary now, on ${node}: SELECT pg_promote(); or lead its address to the primary`,
      );
    } else if (row.metadataSynced && !isIsolated(row) && localGroup !== groupId) {
      lines.push(`${node} is registered as node group ${groupId}, and ${tellsOf(localGroup, nodes)}`);
      remedies.push(
        `lead ${node} to the server that has the data of node group ${groupId}: by name resolution, or with citus_update_node on the coordinator`,
      );
    }
  }
  return lines.length === 0
    ? passed('node-identity', 'each address leads to the server that is registered there')
    : failed('node-identity', listOf(lines), remedies.slice(0, 5).join('; '));
}

function tellsOf(group: number | null, nodes: readonly ClusterNode[]): string {
  if (group === null || group === 0) return 'what answers there was never a worker, or was made anew';
  const other = nodes.find(({ groupId, role }) => groupId === group && role !== 'secondary');
  return `what answers there is of group ${group}${other ? `, as ${other.node} is registered` : ''}`;
}
