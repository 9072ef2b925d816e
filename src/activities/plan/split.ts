import { readSplit } from '../../citus/hold/split.js';
import { readNodes } from '../../citus/nodes/nodes.js';
import type { Db } from '../../citus/session/connect.js';
import { readShardGroups } from '../../citus/tables/shard-groups.js';
import type { ClusterConfig } from '../../config/index.js';
import type { OperationRequest } from '../../contract/internal/request.js';
import { refused } from '../../failures.js';
import { groupsWith, shareOf } from '../../planning/split.js';
import { count } from '../../text/figures.js';
import { invalidInput } from '../operation/input-problems.js';
import { sourceOf } from '../preflight/cluster/split-source.js';
import { draftOf } from './draft.js';
import { noMoves } from './move-modes.js';
import { lagOf } from './replacement.js';
import type { ScaleOutPlan } from './scale-out.js';
import { plannedNode, workersToAdd } from './workers-to-add.js';

/** Seconds for which all statements wait (measured, docs/citus.md). */
const heldSeconds = 0.8;

/** Plans which shards of a worker go over with its clone, by Citus's own plan. @throws InvalidInput for a `to` that needs several */
export async function splitPlan(
  db: Db,
  cluster: ClusterConfig,
  request: OperationRequest<'scaleOut'>,
): Promise<ScaleOutPlan> {
  const nodes = await readNodes(db);
  const groups = await readShardGroups(db);
  const { newWorkers, toStart } = workersToAdd(request, nodes);
  const [clone] = newWorkers;
  if (newWorkers.length > 1)
    throw invalidInput(cluster.name, [
      {
        field: 'to',
        text: `with method: "clone" one worker is added at a time, and these are ${newWorkers.length}`,
      },
    ]);
  const common = { groups, nodes, newWorkers, notYetThere: newWorkers, whyNoMoves: 'nothing is to be split' };
  if (clone === undefined)
    return {
      ...(await draftOf(cluster, request, { ...common, moded: noMoves, nodesAfter: nodes })),
      toStart,
    };
  const given = toStart.length > 0 ? undefined : clone;
  const source = await sourceOf(cluster, nodes, groups, { source: request.input.source, clone: given });
  if ('why' in source)
    throw refused('PlanChanged', source.why, { cluster: cluster.name, evidence: [source.why] });
  const { node } = source;
  const shardIds = await readSplit(db, node);
  const share = shareOf(groups, source.groupId, shardIds);
  const moves = groupsWith(groups, source.groupId, shardIds).map((group) => ({
    group,
    from: node,
    to: clone,
    bytes: group.bytes,
    mode: 'logical' as const,
  }));
  const bytes = groups
    .filter(({ movable, groupId }) => movable && groupId === source.groupId)
    .reduce((sum, group) => sum + group.bytes, 0);
  const part = moves.reduce((sum, move) => sum + move.bytes, 0) / Math.max(1, bytes);
  if (share === 0 || share === 1)
    throw refused('PlanChanged', `Citus would not split the shards of ${node}`, {
      cluster: cluster.name,
      evidence: [`get_snapshot_based_node_split_plan gives the clone ${count(moves.length, 'shard group')}`],
      remedies: ['name another worker as the source, or add the worker by moving shards'],
    });
  const lagBytes = given === undefined ? undefined : await lagOf(cluster, node, clone);
  const { plan, ...draft } = await draftOf(cluster, request, {
    ...common,
    moded: { ...noMoves, moves },
    nodesAfter: [...nodes, ...plannedNode(nodes, clone, 0)],
  });
  const { estimateSeconds: _, ...rest } = plan;
  return {
    ...draft,
    share,
    notes: [
      ...draft.notes,
      ...(Math.abs(part - 0.5) > 0.25
        ? [
            `Citus, which counts small shard groups as equal, splits unevenly here: ${Math.round(part * 100)} % of the bytes of ${node} would go`,
          ]
        : []),
    ],
    plan: {
      ...rest,
      longestStallSeconds: heldSeconds,
      replacement: {
        node,
        clone,
        ...(lagBytes !== undefined && { lagBytes }),
        heldSeconds,
        pointOfNoReturn: `the moment in which ${clone} is promoted and the split is committed at the coordinator; until then all shards stay on ${node}`,
        splits: true,
      },
    },
    // A round is for the move queue: here nothing is copied.
    round: { ...draft.round, moves: [] },
    toStart,
  };
}
