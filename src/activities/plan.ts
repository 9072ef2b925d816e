import { createHash } from 'node:crypto';
import { ApplicationFailure } from '@temporalio/common';
import { withCoordinator, type Db } from '../citus/connect.js';
import { readNodes, type ClusterNode } from '../citus/nodes.js';
import { readRebalancePlan } from '../citus/rebalance-plan.js';
import { readRegistration } from '../citus/registration.js';
import { readShardGroups, type ShardGroup } from '../citus/shard-groups.js';
import { readMeasure } from '../citus/measure.js';
import type { Check, Move, Plan } from '../contract/index.js';
import type { OperationRequest } from '../contract/request.js';
import { balanceOf } from '../planning/balance.js';
import { estimateSeconds } from '../planning/estimate.js';
import { formatTables } from '../planning/format.js';
import { unevenness } from '../planning/improvement.js';
import { maxMovesPerRound, packMoves, type PackedMoves } from '../planning/planned-moves.js';
import { clusterIn, ownWorkflowId, session, type ActivityContext } from './context.js';
import { checkTargets, type Incoming } from './preflight.js';

export type PlanActivities = ReturnType<typeof planActivities>;

export interface ScaleOutPlan {
  plan: Plan;
  packed: PackedMoves;
  /** Machines that a provisioner is to start, with the idempotency key of each. */
  toStart: { placeholder: string; key: string }[];
  checks: Check[];
  notes: string[];
  /** What each node will receive, for the disk check of machines that don't exist yet. */
  incoming: Incoming[];
  whyNoMoves?: string;
  /** By the strategy's measure, with the new workers counted as empty; absent when nothing moves. */
  unevenness?: number;
}

const shownMoves = 50;
/** Labels of colocation groups that travel with the moves; the rest are called `shards`. */
const maxLabels = 200;

export function planActivities(context: ActivityContext) {
  return {
    /** Which workers come, and which shard groups move to them, by Citus's own planner. Changes nothing. */
    planScaleOut: ({ request }: { request: OperationRequest<'scaleOut'> }): Promise<ScaleOutPlan> => {
      const cluster = clusterIn(context, request.cluster);
      return withCoordinator(cluster, session('plan', { statementTimeoutSeconds: 300 }), async (db) => {
        const nodes = await readNodes(db);
        const { newWorkers, toStart } = workersToAdd(request, nodes);
        const groups = await readShardGroups(db);
        const pretended = newWorkers.map((node) => pretendedAddress(node));
        const all = [...nodes, ...newWorkers.flatMap((node, index) => plannedNode(nodes, node, index))];
        const moves = request.input.rebalance === false ? [] : await planMoves(db, groups, pretended);
        const kept = moves.slice(0, maxMovesPerRound);
        const after = applyMoves(groups, kept, all);
        const plan: Plan = {
          hash: hashOf(kept, newWorkers),
          moves: kept.slice(0, shownMoves).map(shown),
          movesTotal: kept.length,
          bytes: kept.reduce((sum, { bytes }) => sum + bytes, 0),
          newWorkers,
          removedWorkers: [],
          before: balanceOf(groups, nodes),
          after: balanceOf(after, all),
          ...(kept.length > 0 ? { estimateSeconds: estimateSeconds(kept, request.parallelMoves) } : {}),
        };
        const incoming = incomingOf(kept);
        const eligible = all.filter(({ shouldHaveShards }) => shouldHaveShards).map(({ groupId }) => groupId);
        return {
          plan,
          packed: pack(kept),
          toStart,
          incoming,
          checks: await checkTargets(cluster, request, incoming.filter(({ node }) => !newWorkers.includes(node) || toStart.length === 0)),
          notes: moves.length > kept.length ? [`the first ${kept.length} of ${moves.length} moves; the rest is planned after them`] : [],
          ...(kept.length > 0
            ? { unevenness: unevenness(groups, eligible, await readMeasure(db)) }
            : { whyNoMoves: whyNoMoves(request, groups) }),
        };
      });
    },

    /** Refuses when a worker that the approved plan counts on is gone meanwhile. @throws PlanChanged */
    confirmPlan: async ({ request, plan, newWorkers }: { request: OperationRequest; plan: PackedMoves; newWorkers: string[] }): Promise<void> => {
      const gone = await withCoordinator(clusterIn(context, request.cluster), session('confirm plan'), async (db) => {
        const missing: string[] = [];
        for (const node of plan.nodes) {
          if (!newWorkers.includes(node) && !(await readRegistration(db, node))?.active) missing.push(node);
        }
        return missing;
      });
      if (gone.length === 0) return;
      throw ApplicationFailure.create({
        type: 'PlanChanged',
        message: `the plan is not possible any more: ${gone.join(', ')} left the cluster since`,
        nonRetryable: true,
        details: [{ cluster: request.cluster, evidence: gone.map((node) => `${node} is not an active node`), remedies: ['start again for a new plan'] }],
      });
    },

    /** What Citus would still move when the approved moves are done. */
    planRemainder: ({ request }: { request: OperationRequest }): Promise<{ packed: PackedMoves; movesTotal: number }> =>
      withCoordinator(clusterIn(context, request.cluster), session('plan', { statementTimeoutSeconds: 300 }), async (db) => {
        const moves = (await planMoves(db, await readShardGroups(db), [])).slice(0, maxMovesPerRound);
        return { packed: pack(moves), movesTotal: moves.length };
      }),
  };
}

interface GroupMove {
  group: ShardGroup;
  from: string;
  to: string;
  bytes: number;
}

async function planMoves(db: Db, groups: ShardGroup[], withNodes: string[]): Promise<GroupMove[]> {
  const groupOf = new Map(groups.filter(({ movable }) => movable).flatMap((group) => group.shardIds.map((id) => [id, group])));
  const seen = new Set<ShardGroup>();
  const rows = await readRebalancePlan(db, withNodes, null);
  return rows.flatMap(({ shardId, from, to }): GroupMove[] => {
    const group = groupOf.get(shardId);
    if (!group || seen.has(group)) return [];
    seen.add(group);
    return [{ group, from, to: placeholderOf(to), bytes: group.bytes }];
  });
}

/** A machine that is yet to be started has no address; Citus's planner wants one. */
const pretendedHost = 'citus-scaler-planned-worker';
function pretendedAddress(node: string): string {
  const [, number] = /^new worker (\d+)$/.exec(node) ?? [];
  return number === undefined ? node : `${pretendedHost}:${number}`;
}
function placeholderOf(address: string): string {
  return address.startsWith(`${pretendedHost}:`) ? `new worker ${address.slice(pretendedHost.length + 1)}` : address;
}

/** @throws InvalidInput for a `to` below the present number */
function workersToAdd(request: OperationRequest<'scaleOut'>, nodes: ClusterNode[]): Pick<ScaleOutPlan, 'toStart'> & { newWorkers: string[] } {
  const { input } = request;
  const workers = nodes.filter(({ role, active }) => role === 'worker' && active);
  if (input.nodes) {
    const present = new Set(workers.map(({ node }) => node.toLowerCase()));
    return { newWorkers: input.nodes.map((node) => node.toLowerCase()).filter((node) => !present.has(node)), toStart: [] };
  }
  const missing = input.add ?? (input.to ?? 0) - workers.length;
  if (missing < 0) {
    throw ApplicationFailure.create({
      type: 'InvalidInput',
      message: `to: ${input.to ?? 0} is below the present number of workers, ${workers.length}; removeWorker takes workers out`,
      nonRetryable: true,
      details: [{ cluster: request.cluster, evidence: workers.slice(0, 50).map(({ node }) => node), remedies: ['use removeWorker', `or say to: ${workers.length} or more`] }],
    });
  }
  const toStart = Array.from({ length: missing }, (_, index) => ({
    placeholder: `new worker ${index + 1}`,
    key: `${ownWorkflowId()}/${index + 1}`,
  }));
  return { newWorkers: toStart.map(({ placeholder }) => placeholder), toStart };
}

function plannedNode(nodes: ClusterNode[], node: string, index: number): ClusterNode[] {
  const groupId = Math.max(...nodes.map((each) => each.groupId)) + 1 + index;
  const known = nodes.find((each) => each.node === node);
  if (known) return [];
  return [{ nodeId: -1 - index, groupId, node, role: 'worker', active: true, hasMetadata: false, metadataSynced: false, shouldHaveShards: true }];
}

function applyMoves(groups: ShardGroup[], moves: GroupMove[], nodes: ClusterNode[]): ShardGroup[] {
  const target = new Map(moves.map(({ group, to }) => [group, nodes.find(({ node }) => node === to)?.groupId]));
  return groups.map((group) => ({ ...group, groupId: target.get(group) ?? group.groupId }));
}

function hashOf(moves: GroupMove[], newWorkers: string[]): string {
  const lines = moves.map(({ group, from, to }) => `${[...group.shardIds].sort((a, b) => a - b).join(',')} ${from} ${to}`);
  return createHash('sha256').update([...newWorkers, ...lines.sort()].join('\n')).digest('hex').slice(0, 16);
}

function pack(moves: GroupMove[]): PackedMoves {
  const nodes = [...new Set(moves.flatMap(({ from, to }) => [from, to]))];
  const labels = [...new Set(moves.map(({ group }) => formatTables(group.tables)))].slice(0, maxLabels);
  return packMoves(
    moves.map(({ group, from, to, bytes }) => ({
      shardId: Math.min(...group.shardIds),
      from: nodes.indexOf(from),
      to: nodes.indexOf(to),
      bytes,
      label: Math.max(0, labels.indexOf(formatTables(group.tables))),
    })),
    nodes,
    labels,
  );
}

function shown({ group, from, to, bytes }: GroupMove): Move {
  return { shardIds: group.shardIds.slice(0, 20), tables: group.tables.slice(0, 20), from, to, bytes };
}

function incomingOf(moves: GroupMove[]): Incoming[] {
  const byNode = new Map<string, Incoming>();
  for (const { to, bytes } of moves) {
    const sum = byNode.get(to) ?? { node: to, bytes: 0, largestGroupBytes: 0 };
    byNode.set(to, { node: to, bytes: sum.bytes + bytes, largestGroupBytes: Math.max(sum.largestGroupBytes, bytes) });
  }
  return [...byNode.values()];
}

function whyNoMoves({ input }: OperationRequest<'scaleOut'>, groups: ShardGroup[]): string {
  if (input.rebalance === false) return 'asked for without rebalancing';
  if (!groups.some(({ movable }) => movable)) return 'there are no shards that can move';
  return 'Citus plans no move: the data is balanced by its default strategy';
}
