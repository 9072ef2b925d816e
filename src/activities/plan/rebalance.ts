import type { Db } from '../../citus/connect.js';
import { readNodes, type ClusterNode } from '../../citus/nodes.js';
import type { PlanWishes } from '../../citus/rebalance-plan.js';
import { readShardGroups, type ShardGroup } from '../../citus/shard-groups.js';
import type { ClusterConfig } from '../../config/index.js';
import type { Check } from '../../contract/index.js';
import type { OperationRequest } from '../../contract/request.js';
import { blockedWrites } from '../preflight/blocked-writes.js';
import { listed, passed } from '../preflight/check.js';
import { measureOf, strategyNamed, whyBalanced } from '../strategy.js';
import { draftOf, type Draft } from './draft.js';
import { planMoves, type GroupMove } from './group-moves.js';

export async function rebalancePlan(
  db: Db,
  cluster: ClusterConfig,
  request: OperationRequest<'rebalance'>,
): Promise<Draft> {
  const { input } = request;
  const strategy = await strategyNamed(db, input.strategy);
  const nodes = await readNodes(db);
  const groups = await readShardGroups(db);
  const measure = await measureOf(db, strategy, groups, nodes);
  const marked = input.drainOnly === true ? markedNodes(nodes) : [];
  const moves = await planMoves(db, groups, rebalanceWishes(request));
  const draft = await draftOf(cluster, request, {
    moves,
    groups,
    nodes,
    nodesAfter: nodes,
    deeds: marked.map(({ node }) => `empty ${node}`),
    whyNoMoves:
      input.drainOnly === true
        ? nothingToDrain(marked)
        : whyBalanced(groups, nodes, strategy, measure, input.threshold),
    // Emptying nodes may well leave the others less even than before.
    ...(empties(moves, nodes) ? {} : { measure }),
  });
  const checks = [
    ...draft.checks,
    ...(input.drainOnly === true ? [emptied(marked, groups)] : []),
    ...blockedWrites(request.transferMode, moves),
  ];
  return { ...draft, checks };
}

export function rebalanceWishes({ input }: OperationRequest<'rebalance'>): PlanWishes {
  const { strategy, threshold, drainOnly } = input;
  return { strategy, threshold, drainOnly };
}

function markedNodes(nodes: ClusterNode[]): ClusterNode[] {
  return nodes.filter(
    ({ role, active, shouldHaveShards }) => role === 'worker' && active && !shouldHaveShards,
  );
}

/** Whether shards leave nodes that should hold none. */
function empties(moves: GroupMove[], nodes: ClusterNode[]): boolean {
  const marked = new Set(nodes.filter(({ shouldHaveShards }) => !shouldHaveShards).map(({ node }) => node));
  return moves.some(({ from }) => marked.has(from));
}

function nothingToDrain(marked: ClusterNode[]): string {
  return marked.length === 0
    ? 'no worker is marked shouldhaveshards = false'
    : `${listed(marked.map(({ node }) => node))} marked shouldhaveshards = false hold no shard that can move`;
}

function emptied(marked: ClusterNode[], groups: ShardGroup[]): Check {
  const said = marked.map(({ node, groupId }) => {
    const shards = groups.filter((group) => group.movable && group.groupId === groupId);
    return `${node} (${shards.length} shard groups)`;
  });
  return marked.length > 0
    ? passed('drained-nodes', `emptied, since they are marked shouldhaveshards = false: ${listed(said, 50)}`)
    : passed('drained-nodes', 'no worker is marked shouldhaveshards = false');
}
