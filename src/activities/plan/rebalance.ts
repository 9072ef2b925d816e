import type { Db } from '../../citus/session/connect.js';
import { readNodes, type ClusterNode } from '../../citus/nodes/nodes.js';
import type { PlanWishes } from '../../citus/tables/rebalance-plan.js';
import { readShardGroups, type ShardGroup } from '../../citus/tables/shard-groups.js';
import type { ClusterConfig } from '../../config/index.js';
import type { OperationRequest } from '../../contract/internal/request.js';
import { listOf } from '../preflight/check.js';
import { measureOf, strategyNamed, whyBalanced } from './strategy.js';
import { draftOf, type Draft } from './draft.js';
import { planMoves } from './group-moves.js';
import { chooseModes } from './move-modes.js';

/** Plans the moves that even the data out. @throws InvalidInput for an unknown strategy */
export async function rebalancePlan(
  db: Db,
  cluster: ClusterConfig,
  request: OperationRequest<'rebalance'>,
): Promise<Draft> {
  const { input } = request;
  const strategy = await strategyNamed(db, cluster.name, input.strategy);
  const nodes = await readNodes(db);
  const groups = await readShardGroups(db);
  const markedWorkers = input.drainOnly === true ? markedNodes(nodes, groups) : [];
  const moves = await planMoves(db, groups, rebalanceWishes(request));
  return draftOf(cluster, request, {
    moded: await chooseModes(db, request, moves),
    groups,
    nodes,
    nodesAfter: nodes,
    drainedWorkers: markedWorkers.map(({ node }) => node),
    whyNoMoves:
      input.drainOnly === true
        ? nothingToDrain(markedWorkers)
        : whyBalanced(groups, nodes, strategy, await measureOf(db, strategy, groups, nodes), input.threshold),
  });
}

/** The circumstances in which Citus plans a rebalance. */
export function rebalanceWishes({ input }: OperationRequest<'rebalance'>): PlanWishes {
  const { strategy, threshold, drainOnly } = input;
  return { strategy, threshold, drainOnly };
}

/** A coordinator is marked as a rule, and seldom holds anything. */
function markedNodes(nodes: ClusterNode[], groups: ShardGroup[]): ClusterNode[] {
  const groupsWithShards = new Set(groups.filter(({ movable }) => movable).map(({ groupId }) => groupId));
  return nodes.filter(
    ({ role, active, shouldHaveShards, groupId }) =>
      active &&
      !shouldHaveShards &&
      (role === 'worker' || (role === 'coordinator' && groupsWithShards.has(groupId))),
  );
}

function nothingToDrain(markedWorkers: ClusterNode[]): string {
  return markedWorkers.length === 0
    ? 'no worker is marked shouldhaveshards = false'
    : `no shard that can move is left on ${listOf(markedWorkers.map(({ node }) => node))} (shouldhaveshards = false)`;
}
