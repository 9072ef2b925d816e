import type { Db } from '../../citus/session/connect.js';
import { readNodes } from '../../citus/nodes/nodes.js';
import { readShardGroups } from '../../citus/tables/shard-groups.js';
import type { ClusterConfig } from '../../config/index.js';
import type { OperationRequest } from '../../contract/internal/request.js';
import { draftOf, type Draft } from './draft.js';
import { planMoves } from './group-moves.js';
import { chooseModes } from './move-modes.js';
import { pretendedAddress } from './placeholders.js';
import { plannedNode, workersToAdd, type WorkersToAdd } from './workers-to-add.js';

/** The plan of a scale-out, with the machines to start. */
export interface ScaleOutPlan extends Draft {
  toStart: WorkersToAdd['toStart'];
  /** By clone: the part of its source's data that goes over with it, from 0 to 1. */
  share?: number;
}

/**
 * Plans which workers come and what moves to them.
 *
 * @param waits whether somebody else is yet to start those that come
 * @throws InvalidInput for a `to` below the present number
 */
export async function scaleOutPlan(
  db: Db,
  cluster: ClusterConfig,
  request: OperationRequest<'scaleOut'>,
  waits = false,
): Promise<ScaleOutPlan> {
  const nodes = await readNodes(db);
  const { newWorkers, toStart } = workersToAdd(request, nodes);
  const groups = await readShardGroups(db);
  const nodesAfter = [...nodes, ...newWorkers.flatMap((node, index) => plannedNode(nodes, node, index))];
  const moves =
    request.input.rebalance === false
      ? []
      : await planMoves(db, groups, { withNodes: newWorkers.map(pretendedAddress) });
  const draft = await draftOf(cluster, request, {
    moded: await chooseModes(db, request, moves, newWorkers.length > 0),
    groups,
    nodes,
    nodesAfter,
    newWorkers,
    notYetThere: toStart.length > 0 || waits ? newWorkers : [],
    whyNoMoves: whyNoMoves(
      request.input.rebalance,
      groups.some(({ movable }) => movable),
    ),
  });
  return { ...draft, toStart };
}

function whyNoMoves(rebalance: boolean | undefined, somethingMovable: boolean): string {
  if (rebalance === false) return 'asked for without rebalancing';
  if (!somethingMovable) return 'there are no shards that can move';
  return 'Citus plans no move: the data is balanced by its default strategy';
}
