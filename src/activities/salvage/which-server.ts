import { isSameServer, type KnownServer } from '../../citus/new-server/identity.js';
import type { ClusterNode } from '../../citus/nodes/nodes.js';
import type { ReturnedServer } from '../../citus/salvage/returned-server.js';
import { listOf } from '../preflight/check.js';

/** Why a server is none that was given up and came back, and what would be right; undefined when it is one. */
export interface WrongServer {
  problem: string;
  remedy: string;
}

/**
 * Looks whether a server was a worker of this cluster, and is none any more. A node that is registered is never taken for
 * one, under whatever address; nor one whose node group lives on elsewhere, for its rows are older than that one's.
 */
export function wrongServer(
  node: string,
  { facts, members, prepared, isFenced }: ReturnedServer,
  nodes: readonly ClusterNode[],
  known: readonly KnownServer[],
): WrongServer | undefined {
  const another = 'name the server that was given up';
  if (nodes.some((each) => each.node.toLowerCase() === node.toLowerCase()))
    return { problem: `${node} is a node of this cluster`, remedy: another };
  const twin = known.find((each) => isSameServer(facts, each));
  if (twin) return { problem: `${node} is ${twin.node} itself under another name`, remedy: another };
  if (facts.citus === null || facts.localGroup === null || facts.localGroup === 0)
    return { problem: `${node} was no worker: its database knows no node group of its own`, remedy: another };
  if (facts.inRecovery || facts.readOnly)
    return {
      problem: `${node} takes no writes, so that it can't be fenced`,
      remedy: 'a standby is promoted first; else switch default_transaction_read_only off there',
    };
  const successor = nodes.find(({ groupId }) => groupId === facts.localGroup);
  if (successor)
    return {
      problem: `${node} was node group ${facts.localGroup}, in which ${successor.node} is now: that one went on from its rows, and what it lacks may have been deleted since`,
      remedy: `stop ${node}; compare by hand what was written to it after ${successor.node} took over`,
    };
  if (!isFenced && !members.some((member) => nodes.some((each) => isOne(each, member))))
    return {
      problem: `${node} was a worker of another cluster: it knows ${listOf(
        members.map((each) => each.node),
        5,
      )}`,
      remedy: another,
    };
  if (!facts.superuser)
    return {
      problem: `${facts.user} is no superuser on ${node}, and only one can take the list of nodes from it`,
      remedy: `on ${node}: ALTER ROLE "${facts.user}" SUPERUSER; or name a superuser in the config (coordinator.user) for this`,
    };
  if (prepared.length > 0)
    return {
      problem: `${node} has transactions that are prepared, whose rows nobody can see: ${listOf(prepared)}`,
      remedy: `find out for each whether its transaction was committed; then on ${node}: COMMIT PREPARED '…'; or ROLLBACK PREPARED '…';`,
    };
  return undefined;
}

function isOne(node: ClusterNode, member: { nodeId: number; groupId: number; node: string }): boolean {
  return (
    node.nodeId === member.nodeId &&
    node.groupId === member.groupId &&
    node.node.toLowerCase() === member.node.toLowerCase()
  );
}
