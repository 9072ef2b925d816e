import type { ClusterNode } from '../../citus/nodes/nodes.js';
import type { ShardGroup } from '../../citus/tables/shard-groups.js';
import type { ClusterConfig } from '../../config/index.js';
import type { Balance, Check, MovesByMode, Plan } from '../../contract/index.js';
import type { OperationRequest } from '../../contract/internal/request.js';
import type { NodeMarkEntry } from '../../contract/internal/undo.js';
import { balanceOf, withoutSizes } from '../../planning/balance.js';
import { estimateSeconds } from '../../planning/estimate.js';
import { count } from '../../text/figures.js';
import { approvedFor, type Approved } from '../../planning/approved.js';
import type { PlannedMoves } from '../../planning/planned-moves.js';
import { longestStallSeconds } from '../../planning/transfer-mode.js';
import { checkTargets, type Incoming } from '../preflight/run-preflight.js';
import {
  applyMoves,
  firstMoves,
  hashOf,
  incomingOf,
  oneRound,
  roundOf,
  type GroupMove,
} from './group-moves.js';
import { blockingApproved, type ModedMoves } from './move-modes.js';

/** A plan as it travels: what a person sees, its moves, and the checks and notes made on the way. */
export interface Draft {
  plan: Plan;
  /** The moves of its first round, which are all but for very large plans. */
  round: PlannedMoves;
  /** What further rounds may move without asking anew. */
  approved: Approved;
  checks: Check[];
  notes: string[];
  /** Bytes that each node will receive, for the disk check of machines that don't exist yet. */
  incoming: Incoming[];
  /** Nodes to be taken out of service, as the undo ledger has it; absent when none is. */
  marks?: NodeMarkEntry[];
  whyNoMoves?: string;
}

/** The raw material of a plan: the moves, and the nodes before and after. */
export interface Sketch {
  /** All that Citus's planner would move, each in the mode that works. */
  moded: ModedMoves;
  groups: ShardGroup[];
  /** As they are now. */
  nodes: ClusterNode[];
  /** False: a node is silent, and the groups are without sizes. */
  hasSizes?: boolean;
  /** As they will be. */
  nodesAfter: ClusterNode[];
  newWorkers?: string[];
  removedWorkers?: string[];
  drainedWorkers?: string[];
  restoredWorkers?: string[];
  isolatedWorkers?: string[];
  rejoinedWorkers?: string[];
  /** Hash of what is lost with the removed workers. */
  lossHash?: string | undefined;
  /** Nodes of which the disk is not looked at yet, because they don't run yet. */
  notYetThere?: string[];
  whyNoMoves: string;
}

/** Makes the plan that a person approves. Reads disk space of the targets, changes nothing. */
export async function draftOf(
  cluster: ClusterConfig,
  request: OperationRequest,
  sketch: Sketch,
): Promise<Draft> {
  const { moded, groups, nodes, nodesAfter, newWorkers = [], removedWorkers = [] } = sketch;
  const { drainedWorkers = [], restoredWorkers = [], isolatedWorkers = [], rejoinedWorkers = [] } = sketch;
  const { moves } = moded;
  const roundMoves = oneRound(moves, request);
  const after = applyMoves(groups, moves, nodesAfter);
  const incoming = incomingOf(moves);
  const sized = (balance: Balance): Balance => (sketch.hasSizes === false ? withoutSizes(balance) : balance);
  const toCheck = incoming.filter(({ node }) => !sketch.notYetThere?.includes(node));
  return {
    plan: {
      hash: hashOf(moves, [
        ...newWorkers,
        ...removedWorkers.map((node) => `remove ${node}`),
        ...drainedWorkers.map((node) => `drain ${node}`),
        ...restoredWorkers.map((node) => `put back ${node}`),
        ...isolatedWorkers.map((node) => `isolate ${node}`),
        ...rejoinedWorkers.map((node) => `rejoin ${node}`),
        ...(sketch.lossHash === undefined ? [] : [`lose ${sketch.lossHash}`]),
      ]),
      moves: firstMoves(moves),
      movesTotal: moves.length,
      bytes: moves.reduce((sum, { bytes }) => sum + bytes, 0),
      newWorkers,
      removedWorkers,
      before: sized(balanceOf(groups, nodes, nodesAfter)),
      after: sized(balanceOf(after, nodesAfter)),
      ...(drainedWorkers.length > 0 ? { drainedWorkers } : {}),
      ...(restoredWorkers.length > 0 ? { restoredWorkers } : {}),
      ...(isolatedWorkers.length > 0 ? { isolatedWorkers } : {}),
      ...(rejoinedWorkers.length > 0 ? { rejoinedWorkers } : {}),
      longestStallSeconds: longestStallSeconds(moves),
      ...(moves.length > 0 ? { movesByMode: byMode(moves) } : {}),
      ...(moves.length > 0 ? { estimateSeconds: estimateSeconds(moves, request.parallelMoves) } : {}),
    },
    round: roundOf(roundMoves, { ...moded, nodes }),
    approved: {
      ...approvedFor(moves, [...removedWorkers, ...drainedWorkers], nodes),
      ...blockingApproved(request, moves),
    },
    incoming,
    checks: [...(await checkTargets(cluster, request, toCheck)), ...moded.checks],
    notes:
      moves.length > roundMoves.length
        ? [
            `${count(moves.length, 'move')} in rounds of ${roundMoves.length}: each further round is planned when the one before is made, and stays within what was approved`,
          ]
        : [],
    ...(moves.length === 0 ? { whyNoMoves: sketch.whyNoMoves } : {}),
  };
}

function byMode(moves: readonly GroupMove[]): MovesByMode {
  const blocking = moves.filter(({ mode, within }) => mode === 'blocking' || within).length;
  return { logical: moves.length - blocking, blocking };
}
