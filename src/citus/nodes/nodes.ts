import type { Db } from '../session/db.js';
import { addressSql } from '../session/address-sql.js';

/** A row of `pg_dist_node`. */
export interface ClusterNode {
  nodeId: number;
  groupId: number;
  /** `host:port`, spelt as registered. */
  node: string;
  /** `secondary` stands for everything that is no primary: standbys, clones. */
  role: 'coordinator' | 'worker' | 'secondary';
  active: boolean;
  hasMetadata: boolean;
  metadataSynced: boolean;
  shouldHaveShards: boolean;
}

/** All nodes, sorted by group and name. Catalog only, so that a dead or frozen worker doesn't delay it. */
export async function readNodes(db: Db): Promise<ClusterNode[]> {
  return db.query<ClusterNode>(`
    SELECT nodeid AS "nodeId", groupid AS "groupId", ${addressSql()} AS node,
           CASE WHEN noderole <> 'primary' THEN 'secondary' WHEN groupid = 0 THEN 'coordinator' ELSE 'worker' END AS role,
           isactive AS active, hasmetadata AS "hasMetadata", metadatasynced AS "metadataSynced",
           shouldhaveshards AS "shouldHaveShards"
    FROM pg_catalog.pg_dist_node
    ORDER BY groupid, noderole, nodename, nodeport`);
}

/** A node as somebody named it earlier. */
export interface NamedNode {
  /** `host:port` at that time. */
  node: string;
  /** `nodeid`, where it was registered. A failover changes where a node is, never its id. */
  nodeId?: number | undefined;
}

/**
 * The present row of a node that was named earlier: by its id, else by its address; undefined when it is gone. What has its
 * address by now may be the standby that it was before a failover.
 */
export function findNode(
  nodes: readonly ClusterNode[],
  { node, nodeId }: NamedNode,
): ClusterNode | undefined {
  return (
    nodes.find((each) => each.nodeId === nodeId) ??
    nodes.find((each) => each.node.toLowerCase() === node.toLowerCase())
  );
}

/** Active nodes without standbys, which follow their primary: `host:port` of those that can be asked. */
export function activePrimaries(nodes: readonly ClusterNode[]): string[] {
  return nodes.filter(({ role, active }) => role !== 'secondary' && active).map(({ node }) => node);
}

/** Registered standbys of the nodes at these addresses. */
export function standbysOf(nodes: readonly ClusterNode[], addresses: readonly string[]): string[] {
  const groups = nodes.filter(({ node }) => addresses.includes(node)).map(({ groupId }) => groupId);
  return nodes
    .filter(({ role, active, groupId }) => role === 'secondary' && active && groups.includes(groupId))
    .map(({ node }) => node);
}

/** Active workers; neither the coordinator nor standbys are among them. */
export function activeWorkers(nodes: readonly ClusterNode[]): ClusterNode[] {
  return nodes.filter(({ role, active }) => role === 'worker' && active);
}

/**
 * Whether a worker gets no metadata: it is dead and was isolated, or somebody stopped the sync. It is in nobody's way, and
 * takes no part in what moves.
 */
export function isIsolated({
  role,
  active,
  hasMetadata,
}: Pick<ClusterNode, 'role' | 'active' | 'hasMetadata'>): boolean {
  return role === 'worker' && active && !hasMetadata;
}

/** The node group of the server that the session is on: 0 is the coordinator. Null where nothing is noted. */
export async function readLocalGroup(db: Db): Promise<number | null> {
  const [row] = await db.query<{ id: number }>('SELECT groupid AS id FROM pg_catalog.pg_dist_local_group');
  return row?.id ?? null;
}
