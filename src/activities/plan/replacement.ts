import { readLag, readWal } from '../../citus/hold/clone.js';
import { readNodes, type ClusterNode } from '../../citus/nodes/nodes.js';
import { withNode, type Db } from '../../citus/session/connect.js';
import { readShardGroups, type ShardGroup } from '../../citus/tables/shard-groups.js';
import type { ClusterConfig } from '../../config/index.js';
import type { OperationRequest } from '../../contract/internal/request.js';
import { refused } from '../../failures.js';
import type { MachineFate } from '../machines/fate.js';
import { passed } from '../preflight/check.js';
import { ownWorkflowId, readSession } from '../runtime/context.js';
import { draftOf } from './draft.js';
import type { DrainPlan } from './drain.js';
import type { GroupMove } from './group-moves.js';
import { chooseModes, noMoves } from './move-modes.js';
import { plannedNode, type WorkersToAdd } from './workers-to-add.js';

/** The plan of a replacement, with the machine to start. */
export interface ReplacementPlan extends DrainPlan {
  toStart: WorkersToAdd['toStart'];
}

/** Seconds for which all statements wait (measured, docs/citus.md). */
const heldSeconds = 0.5;

/** Plans which server takes the place of a worker, and what moves, if shards do. */
export async function replacementPlan(
  db: Db,
  cluster: ClusterConfig,
  request: OperationRequest<'replaceWorker'>,
  fateOf: (node: string) => Promise<MachineFate>,
): Promise<ReplacementPlan> {
  const { method = 'clone' } = request.input;
  const nodes = await readNodes(db);
  const groups = await readShardGroups(db);
  const row = nodes.find(({ node }) => node.toLowerCase() === request.input.node);
  if (!row)
    throw refused('PlanChanged', `${request.input.node} is no node of this cluster any more`, {
      cluster: cluster.name,
      evidence: [`pg_dist_node has no row for ${request.input.node}`],
    });
  const { node, nodeId, groupId, shouldHaveShards } = row;
  const placeholder = 'new worker 1';
  const other = request.input.with ?? placeholder;
  const toStart = other === placeholder ? [{ placeholder, key: `${ownWorkflowId()}/1` }] : [];
  const byMoves = method === 'move';
  const moves = byMoves ? movesBetween(groups, nodes, node, other) : [];
  const draft = await draftOf(cluster, request, {
    moded: byMoves ? await chooseModes(db, request, moves, true) : noMoves,
    groups,
    nodes,
    nodesAfter: byMoves
      ? [...nodes.filter((each) => each !== row), ...plannedNode(nodes, other, 0)]
      : nodes.map((each) => (each === row ? { ...each, node: other } : each)),
    newWorkers: [other],
    removedWorkers: [node],
    notYetThere: [other],
    whyNoMoves: byMoves ? `${node} holds no shard that can move` : 'a standby takes over: no shard moves',
  });
  const lagBytes = byMoves || toStart.length > 0 ? undefined : await lagOf(cluster, node, other);
  return {
    ...draft,
    plan: {
      ...draft.plan,
      ...(!byMoves && {
        replacement: {
          node,
          clone: other,
          ...(lagBytes !== undefined && { lagBytes }),
          heldSeconds,
          pointOfNoReturn: `the moment in which ${other} is promoted and its address is committed at the coordinator; until then ${node} stays in service`,
        },
      }),
    },
    approved: { ...draft.approved, to: [other] },
    checks: [...draft.checks, passed('machine', `the machine of ${node} ${(await fateOf(node)).why}`)],
    leaving: [{ node, nodeId, groupId }],
    marks:
      byMoves && shouldHaveShards
        ? [{ id: `node-mark ${node}`, kind: 'node-mark', node, before: true, during: false }]
        : [],
    toStart,
  };
}

/** All shard groups of a worker that can move, as moves to one other. */
export function movesBetween(
  groups: readonly ShardGroup[],
  nodes: readonly ClusterNode[],
  from: string,
  to: string,
): GroupMove[] {
  const row = nodes.find(({ node }) => node.toLowerCase() === from.toLowerCase());
  return groups
    .filter(({ groupId, movable }) => movable && groupId === row?.groupId)
    .map((group) => ({ group, from: row?.node ?? from, to, bytes: group.bytes, mode: 'logical' }));
}

/** Bytes of WAL that a standby lacks just now. */
export async function lagOf(cluster: ClusterConfig, node: string, clone: string): Promise<number> {
  const { position } = await withNode(cluster, node, readSession('plan'), readWal);
  return withNode(cluster, clone, readSession('plan'), (own) => readLag(own, position));
}
