import { readNodes } from '../../citus/nodes/nodes.js';
import type { Db } from '../../citus/session/connect.js';
import { readShardGroupsWithin } from '../../citus/tables/shard-groups.js';
import type { ClusterConfig } from '../../config/index.js';
import type { OperationRequest } from '../../contract/internal/request.js';
import { draftOf, type Draft } from './draft.js';
import { noMoves } from './move-modes.js';

/** Seconds that the sizes of shards may take to read: a dead node tells none, a frozen one holds up all. */
const sizesSeconds = 5;

/** Plans which worker is to be isolated, or gets the metadata again. The plan names none when that is so already. */
export async function isolationPlan(
  db: Db,
  cluster: ClusterConfig,
  request: OperationRequest<'isolateWorker'>,
): Promise<Draft> {
  const { node: address, undo = false } = request.input;
  const nodes = await readNodes(db);
  const { groups, hasSizes } = await readShardGroupsWithin(db, sizesSeconds);
  const row = nodes.find(({ node }) => node.toLowerCase() === address);
  const changing = row && row.hasMetadata !== undo ? [row.node] : [];
  return draftOf(cluster, request, {
    moded: noMoves,
    groups,
    hasSizes,
    nodes,
    nodesAfter: nodes,
    [undo ? 'rejoinedWorkers' : 'isolatedWorkers']: changing,
    whyNoMoves: undo ? `${address} has the metadata` : `${address} is isolated already`,
  });
}
