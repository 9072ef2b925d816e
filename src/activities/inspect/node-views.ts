import { readCapacities, type NodeCapacity } from '../../citus/nodes/capacity.js';
import type { Db } from '../../citus/session/connect.js';
import { readNodes, type ClusterNode } from '../../citus/nodes/nodes.js';
import { versionText } from '../../citus/nodes/server-facts.js';
import { readShardGroupsWithin, type ShardGroup } from '../../citus/tables/shard-groups.js';
import type { NodeView } from '../../contract/index.js';

/** The nodes of a cluster and what lies on them. */
export interface ClusterView {
  nodes: ClusterNode[];
  groups: ShardGroup[];
  /** Whether sizes could be read; otherwise all bytes are 0. */
  hasSizes: boolean;
  capacities: NodeCapacity[];
  views: NodeView[];
}

/** All nodes with what they hold and what they say of themselves. */
export async function viewNodes(db: Db): Promise<ClusterView> {
  const nodes = await readNodes(db);
  const capacities = await readCapacities(
    db,
    nodes.filter(({ active }) => active).map(({ node }) => node),
  );
  const { groups, hasSizes } = await readShardGroupsWithin(db, 10);
  const loads = new Map<number, { shards: number; bytes: number }>();
  for (const { groupId, shardIds, bytes } of groups) {
    const load = loads.get(groupId) ?? { shards: 0, bytes: 0 };
    loads.set(groupId, { shards: load.shards + shardIds.length, bytes: load.bytes + bytes });
  }
  const views = nodes.map((node): NodeView => {
    const answer = capacities.find((each) => each.node === node.node);
    const load = node.role === 'secondary' ? undefined : loads.get(node.groupId);
    const isSilent = load !== undefined && !(answer && 'capacity' in answer);
    return {
      node: node.node,
      nodeId: node.nodeId,
      groupId: node.groupId,
      role: node.role,
      active: node.active,
      metadataSynced: node.metadataSynced,
      shouldHaveShards: node.shouldHaveShards,
      ...(answer && 'capacity' in answer ? figures(answer.capacity) : {}),
      shards: load?.shards ?? 0,
      // Of a node that doesn't answer nobody knows; what other nodes say of their copies of reference tables isn't it.
      ...(hasSizes && !isSilent && { bytes: load?.bytes ?? 0 }),
    };
  });
  return { nodes, groups, hasSizes, capacities, views };
}

function figures({
  versionNum,
  diskAvailable,
  diskTotal,
}: {
  versionNum: number;
  diskAvailable: number | null;
  diskTotal: number | null;
}): Partial<NodeView> {
  return {
    postgres: versionText(versionNum),
    ...(diskAvailable === null ? {} : { diskAvailableBytes: diskAvailable }),
    ...(diskTotal === null ? {} : { diskTotalBytes: diskTotal }),
  };
}
