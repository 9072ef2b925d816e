import type { ClusterNode } from '../../citus/nodes.js';
import type { Check } from '../../contract/index.js';
import { blocker, listed, passed } from './check.js';
import type { Intent } from './intent.js';

/** Whether these nodes can leave: known, of the right kind, and not the last that may hold shards. */
export function leavingChecks(nodes: ClusterNode[], intent: Intent): Check[] {
  if (intent.leaving.length === 0) return [];
  const checks = [canLeave(nodes, intent)];
  if (intent.moves) checks.push(someRemain(nodes, intent.leaving));
  return checks;
}

function canLeave(nodes: ClusterNode[], { leaving }: Intent): Check {
  const problems = leaving.flatMap((address) => {
    const node = nodes.find((each) => each.node.toLowerCase() === address);
    if (!node) return [`${address} is no node of this cluster`];
    if (node.role === 'secondary') return [`${address} is a standby: it follows its primary`];
    if (node.role === 'coordinator') return [`${address} is the coordinator`];
    return [];
  });
  if (problems.length === 0) return passed('leaving-nodes', listed(leaving));
  const workers = nodes.filter(({ role }) => role === 'worker').map(({ node }) => node);
  return blocker(
    'leaving-nodes',
    listed(problems),
    `name workers of this cluster: ${listed(workers, 20) || 'it has none'}`,
  );
}

function someRemain(nodes: ClusterNode[], leaving: string[]): Check {
  const takers = nodes.filter(
    ({ node, role, active, shouldHaveShards }) =>
      role !== 'secondary' && active && shouldHaveShards && !leaving.includes(node.toLowerCase()),
  );
  return takers.length > 0
    ? passed('remaining-workers', `${takers.length} nodes remain that may hold shards`)
    : blocker(
        'remaining-workers',
        'no other active node may hold shards: there is nowhere for the data to go',
        'add a worker first (scaleOut), or put one that is marked back in service (drainWorker with undo)',
      );
}
