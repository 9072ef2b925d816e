import type { ClusterNode } from '../../../citus/nodes/nodes.js';
import { literal } from '../../../citus/session/quote.js';
import { addressOf } from '../../../text/address.js';
import { does, type Check } from '../../../contract/index.js';
import { failed, listOf, passed } from '../check.js';
import type { Intent } from '../intent.js';

/**
 * Whether these nodes can leave: known, of the right kind, and not the last that may hold shards.
 *
 * @param byPatroni whether Patroni registers the nodes: then the rows of a whole group are taken out
 */
export function leavingChecks(nodes: ClusterNode[], intent: Intent, byPatroni: boolean): Check[] {
  if (intent.leaving.length === 0) return [];
  const checks = [canLeave(nodes, intent)];
  if (intent.deregisters) checks.push(noStandbys(nodes, intent.leaving, byPatroni));
  if (intent.moves) checks.push(someRemain(nodes, intent));
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
  if (problems.length === 0) return passed('leaving-nodes', listOf(leaving));
  const workers = nodes.filter(({ role }) => role === 'worker').map(({ node }) => node);
  return failed(
    'leaving-nodes',
    listOf(problems),
    `name workers of this cluster: ${listOf(workers, 20) || 'it has none'}`,
  );
}

/** Citus takes the primary out without a word, and its standby keeps the node group. */
function noStandbys(nodes: ClusterNode[], leaving: string[], byPatroni: boolean): Check {
  const groups = new Set(
    nodes
      .filter(({ node, role }) => role === 'worker' && leaving.includes(node.toLowerCase()))
      .map(({ groupId }) => groupId),
  );
  const standbys = nodes.filter(({ role, groupId }) => role === 'secondary' && groups.has(groupId));
  if (standbys.length === 0) return passed('leaving-standbys', 'none of them has a registered standby');
  if (byPatroni)
    return passed(
      'leaving-standbys',
      `taken out with their primaries, once Patroni has let go of the group: ${listOf(standbys.map(({ node }) => node))}`,
    );
  return failed(
    'leaving-standbys',
    `registered as standbys of those that leave: ${listOf(standbys.map(({ node }) => node))}`,
    `take them out first, on the coordinator: ${standbys.map(({ node }) => removeCall(node)).join(' ')}`,
  );
}

function removeCall(node: string): string {
  const { host, port } = addressOf(node);
  return `SELECT citus_remove_node(${literal(host)}, ${port});`;
}

function someRemain(nodes: ClusterNode[], intent: Intent): Check {
  const { leaving } = intent;
  const takers = nodes.filter(
    ({ node, role, active, shouldHaveShards }) =>
      role !== 'secondary' && active && shouldHaveShards && !leaving.includes(node.toLowerCase()),
  );
  const [marked] = nodes.filter(
    ({ node, role, active, shouldHaveShards }) =>
      role === 'worker' && active && !shouldHaveShards && !leaving.includes(node.toLowerCase()),
  );
  const joining = intent.joining.length > 0 || intent.toStart(0) > 0;
  return takers.length > 0 || joining
    ? passed('remaining-workers', `${takers.length} nodes remain that may hold shards`)
    : failed(
        'remaining-workers',
        'no other active node may hold shards: there is nowhere for the data to go',
        marked === undefined
          ? 'add a worker first'
          : does('drainWorker', 'put one that is marked back in service, or add a worker, first', {
              nodes: [marked.node],
              undo: true,
            }),
      );
}
