import type { NodeCapacity } from '../../citus/nodes/capacity.js';
import { activeWorkers, type ClusterNode } from '../../citus/nodes/nodes.js';
import type { ServerFacts } from '../../citus/nodes/server-facts.js';
import type { Intent } from './intent.js';

/** The state of a cluster and its servers, for the checks to judge. */
export interface ClusterState {
  facts: ServerFacts;
  nodes: ClusterNode[];
  capacities: NodeCapacity[];
}

/** Nodes that answered. */
export function answeringNodes(capacities: NodeCapacity[]): string[] {
  return capacities.flatMap((each) => ('error' in each ? [] : [each.node]));
}

/** Nodes that answered and of which Citus says that they have the present metadata. */
export function syncedNodes(nodes: ClusterNode[], capacities: NodeCapacity[]): string[] {
  return answeringNodes(capacities).filter((address) =>
    nodes.some(({ node, hasMetadata, metadataSynced }) => node === address && hasMetadata && metadataSynced),
  );
}

/** A coordinator without shards neither gives nor takes any. */
export function dataNodes(capacities: NodeCapacity[], nodes: ClusterNode[]): NodeCapacity[] {
  return capacities.filter(({ node }) =>
    nodes.some((each) => each.node === node && (each.role === 'worker' || each.shouldHaveShards)),
  );
}

/** Nodes that the operation does not empty. */
export function remainingNodes(nodes: ClusterNode[], { leaving }: Intent): ClusterNode[] {
  return nodes.filter(({ node }) => !leaving.includes(node.toLowerCase()));
}

/** Servers of those wanted that are no active workers yet. */
export function newServers(addresses: string[], nodes: ClusterNode[]): string[] {
  const workers = activeWorkers(nodes);
  return addresses.filter((each) => !workers.some(({ node }) => node.toLowerCase() === each));
}
