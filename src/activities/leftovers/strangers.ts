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
export function strangers(answers: NodeFindings[], nodes: ClusterNode[]): Finding[] {
  const ids = new Set(nodes.map(({ nodeId }) => nodeId));
  const pids = new Set(answers.flatMap((look) => look.pids));
  const respondents = new Set(answers.map(({ node }) => node));
  const isComplete =
    nodes.some(({ role }) => role === 'coordinator') &&
    nodes.every(({ role, node }) => role === 'secondary' || respondents.has(node));
  const isStranger = ({ nodeId, pid }: { nodeId: number; pid: number }): boolean =>
    nodeId === notYetNode ? isComplete && !pids.has(pid) : !ids.has(nodeId);
  const findings = answers.flatMap(({ node, sessions }) =>
    sessions.filter(isStranger).map(({ nodeId, address }) => findingOf(node, nodeId, address)),
  );
  return [...new Map(findings.map((finding) => [`${finding.node} ${finding.name}`, finding])).values()];
}

function findingOf(node: string, nodeId: number, address: string): Finding {
  const name = nodeId === notYetNode ? 'a node' : `node ${nodeId}`;
  return {
    kind: 'session',
    node,
    name: `${nodeId === notYetNode ? 'of a server' : `node id ${nodeId}`} from ${address}`,
    how: `a server at ${address} believes that it is ${name} of this cluster, and what is written through it changes shards here: stop it, or DELETE FROM pg_dist_node there`,
  };
}
