import type { Db } from '../../citus/session/connect.js';
import { readNodes, type ClusterNode } from '../../citus/nodes/nodes.js';
import type { PlanWishes } from '../../citus/tables/rebalance-plan.js';
import { countShards } from '../../citus/nodes/registration.js';
import { readShardGroups } from '../../citus/tables/shard-groups.js';
import type { ClusterConfig } from '../../config/index.js';
import type { Check } from '../../contract/index.js';
import type { NodeMarkEntry } from '../../contract/internal/undo.js';
import type { AnyRequest, OperationRequest } from '../../contract/internal/request.js';
import type { MachineFate } from '../machines/fate.js';
import { failed, passed } from '../preflight/check.js';
import { draftOf, type Draft } from './draft.js';
import { planMoves, type GroupMove } from './group-moves.js';
import { chooseModes } from './move-modes.js';

/** The plan of a drain or a removal. */
export interface DrainPlan extends Draft {
  /** The nodes that leave, spelt as registered, with their ids: what is looked for when they are gone. */
  leaving: { node: string; nodeId: number; groupId: number }[];
  /** Nodes to be taken out of service, or put back, as the undo ledger has it. Those that are so already are left out. */
  marks: NodeMarkEntry[];
}

type Request = Extract<AnyRequest, { type: 'drainWorker' | 'removeWorker' }>;

/**
 * Plans where the shards of these nodes go, by Citus's own planner; other marked nodes are left alone.
 *
 * @param fateOf what becomes of the machine of a node that is removed
 */
export async function drainPlan(
  db: Db,
  cluster: ClusterConfig,
  request: Request,
  fateOf: (node: string) => Promise<MachineFate>,
): Promise<DrainPlan> {
  const undo = 'undo' in request.input && request.input.undo === true;
  const removes = request.type === 'removeWorker';
  const nodes = await readNodes(db);
  const groups = await readShardGroups(db);
  const leaving = leavingOf(nodes, request);
  const names = leaving.map(({ node }) => node);
  const moves = undo ? [] : await planMoves(db, groups, drainWishes(names));
  const nodesAfter = nodes
    .filter(({ node }) => !removes || !names.includes(node))
    .map((each) => (names.includes(each.node) ? { ...each, shouldHaveShards: undo } : each));
  const draft = await draftOf(cluster, request, {
    moded: await chooseModes(db, request, moves),
    groups,
    nodes,
    nodesAfter,
    [undo ? 'restoredWorkers' : removes ? 'removedWorkers' : 'drainedWorkers']: names,
    whyNoMoves: undo
      ? 'nothing moves when nodes are put back in service'
      : 'these workers hold no shard that can move',
  });
  return {
    ...draft,
    checks: [
      ...draft.checks,
      ...(undo ? [] : await placelessShards(db, leaving, moves)),
      ...(request.type === 'removeWorker' ? await machineChecks(request, names, fateOf) : []),
    ],
    leaving: leaving.map(({ node, nodeId, groupId }) => ({ node, nodeId, groupId })),
    marks: leaving
      .filter(({ shouldHaveShards }) => shouldHaveShards !== undo)
      .map(({ node, nodeId }) => ({
        id: `node-mark ${node}`,
        kind: 'node-mark',
        node,
        nodeId,
        before: !undo,
        during: undo,
      })),
  };
}

/** The circumstances in which Citus plans a drain: these nodes marked, nothing else moved. */
export function drainWishes(leaving: string[]): PlanWishes {
  return { leaving, drainOnly: true };
}

function leavingOf(nodes: ClusterNode[], { input }: Request): ClusterNode[] {
  return nodes.filter(({ node }) => input.nodes.includes(node.toLowerCase()));
}

/** Told before anybody approves; looked at again when the node is removed. */
async function machineChecks(
  { input }: OperationRequest<'removeWorker'>,
  names: string[],
  fateOf: (node: string) => Promise<MachineFate>,
): Promise<Check[]> {
  const checks: Check[] = [];
  for (const node of names) {
    const why = input.keepMachine === true ? 'goes on running, as asked' : (await fateOf(node)).why;
    checks.push(passed('machine', `the machine of ${node} ${why}`));
  }
  return checks;
}

/** Shards that Citus's planner leaves on a node that is to be empty. */
async function placelessShards(db: Db, leaving: ClusterNode[], moves: GroupMove[]): Promise<Check[]> {
  const checks: Check[] = [];
  for (const { node, groupId } of leaving) {
    const shards = await countShards(db, groupId);
    const moving = moves
      .filter(({ from }) => from === node)
      .reduce((sum, { group }) => sum + group.shardIds.length, 0);
    if (moving < shards) checks.push(shardsWithoutPlace(node, shards, moving));
  }
  return checks;
}

function shardsWithoutPlace(node: string, shards: number, moving: number): Check {
  return failed(
    'shards-without-place',
    `${shards - moving} of ${shards} shards of ${node} find no place on the other nodes`,
    "look at the strategy's shard_allowed_on_node_function, at tables with several placements, and at the other nodes",
  );
}
