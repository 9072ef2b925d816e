import type { NodeFindings } from '../../citus/leftovers/on-nodes.js';
import type { ClusterNode } from '../../citus/nodes/nodes.js';
import type { Finding } from './finding.js';

/** The node id of a process that began before its server was a node: that of most daemons of Citus (measured). */
const notYetNode = 99_999_999;

/**
 * Sessions of servers that believe to be in the cluster and aren't: whoever still connects to such a server writes
 * into the cluster, past its coordinator (measured, docs/citus.md). A process without a node id is one of theirs when
 * none of the nodes has it; that can be said only when all of them have told theirs.
 */
export function strangers(seen: NodeFindings[], nodes: ClusterNode[]): Finding[] {
  const ids = new Set(nodes.map(({ nodeId }) => nodeId));
  const pids = new Set(seen.flatMap((look) => look.pids));
  const told = new Set(seen.map(({ node }) => node));
  const allTold =
    nodes.some(({ role }) => role === 'coordinator') &&
    nodes.every(({ role, node }) => role === 'secondary' || told.has(node));
  const isStranger = ({ nodeId, pid }: { nodeId: number; pid: number }): boolean =>
    nodeId === notYetNode ? allTold && !pids.has(pid) : !ids.has(nodeId);
  const found = seen.flatMap(({ node, sessions }) =>
    sessions.filter(isStranger).map(({ nodeId, address }) => findingOf(node, nodeId, address)),
  );
  return [...new Map(found.map((finding) => [`${finding.node} ${finding.name}`, finding])).values()];
}

function findingOf(node: string, nodeId: number, address: string): Finding {
  const who = nodeId === notYetNode ? 'a node' : `node ${nodeId}`;
  return {
    kind: 'session',
    node,
    name: `${nodeId === notYetNode ? 'of a server' : `node id ${nodeId}`} from ${address}`,
    how: `a server at ${address} believes that it is ${who} of this cluster, and what is written through it changes shards here: stop it, or DELETE FROM pg_dist_node there`,
  };
}
