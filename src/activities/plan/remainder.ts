import type { Db } from '../../citus/session/connect.js';
import { readNodes } from '../../citus/nodes/nodes.js';
import type { PlanWishes } from '../../citus/tables/rebalance-plan.js';
import { readShardGroups } from '../../citus/tables/shard-groups.js';
import type { ClusterConfig } from '../../config/index.js';
import type { AnyRequest, OperationRequest } from '../../contract/internal/request.js';
import { approvedFor, approvedNow, approvedOf, type Approved } from '../../planning/approved.js';
import type { PlannedMoves } from '../../planning/planned-moves.js';
import { draftOf, type Draft } from './draft.js';
import { drainWishes } from './drain.js';
import { oneRound, planMoves, roundOf, type GroupMove } from './group-moves.js';
import { blockingApproved, chooseModes, withinApproved, type ModedMoves } from './move-modes.js';
import { rebalanceWishes } from './rebalance.js';
import { movesBetween } from './replacement.js';

/** The order to plan what is still to move. */
export interface RemainderOrder {
  request: AnyRequest;
  /** What is still approved. */
  approved: Approved;
}

/** What Citus would still move. */
export interface Remainder {
  /** A round of what is approved; empty when nothing of that is left. */
  round: PlannedMoves;
  /** How many moves of what is approved there are in all. */
  left: number;
  /** When nothing else is left: what nobody has approved, as a plan of its own. */
  beyond?: Draft;
}

/** Plans what is still to move, by Citus's own planner, and tells what of it is approved. Changes nothing. */
export async function planRest(
  db: Db,
  cluster: ClusterConfig,
  { request, approved: approvedThen }: RemainderOrder,
): Promise<Remainder> {
  const nodes = await readNodes(db);
  const approved = approvedNow(approvedThen, nodes);
  const groups = await readShardGroups(db);
  const moves =
    request.type === 'replaceWorker'
      ? movesBetween(groups, nodes, request.input.node, approved.to?.[0] ?? '')
      : await planMoves(db, groups, wishesOf(request, approved));
  const moded = await chooseModes(db, request, moves);
  const mine = approvedOf(approved, withinApproved(approved, movable(moded, request)));
  const rest = { round: roundOf(oneRound(mine, request), { ...moded, nodes }), left: mine.length };
  if (mine.length > 0 || moves.length === 0) return rest;
  const emptied = nodes.filter(
    ({ node, shouldHaveShards }) => !shouldHaveShards && moves.some(({ from }) => from === node),
  );
  const draft = await draftOf(cluster, request, {
    moded,
    groups,
    nodes,
    nodesAfter: nodes,
    drainedWorkers: emptied.map(({ node }) => node),
    whyNoMoves: '',
  });
  const beyond = { ...approvedFor(moves, [], nodes), ...blockingApproved(request, moded.moves) };
  return { ...rest, beyond: { ...draft, approved: beyond } };
}

/** Those of the moves that some mode makes, or that the request accepts all the same. */
function movable({ moves, stuck }: ModedMoves, { input }: OperationRequest): GroupMove[] {
  return input.acceptChecks?.includes('movable-tables') === true
    ? moves
    : moves.filter((move) => !stuck.has(move));
}

function wishesOf(request: Exclude<AnyRequest, { type: 'replaceWorker' }>, approved: Approved): PlanWishes {
  switch (request.type) {
    case 'scaleOut':
    // They move nothing.
    case 'isolateWorker':
    case 'salvageWorker':
    case 'emergencyRemoveWorker':
    case 'cleanUp':
      return {};
    case 'rebalance':
      return rebalanceWishes(request);
    case 'drainWorker':
    case 'removeWorker':
      return drainWishes(approved.from);
  }
}
