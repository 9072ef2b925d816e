import { createHash } from 'node:crypto';
import type { Db } from '../../citus/session/connect.js';
import type { ClusterNode } from '../../citus/nodes/nodes.js';
import { readRebalancePlan, type PlanWishes } from '../../citus/tables/rebalance-plan.js';
import type { ShardGroup } from '../../citus/tables/shard-groups.js';
import type { Move, MoveMode } from '../../contract/index.js';
import { limitsOf } from '../../contract/internal/limits.js';
import type { OperationRequest } from '../../contract/internal/request.js';
import { formatTables } from '../../text/figures.js';
import { plannedMoves, type PlannedMoves } from '../../planning/planned-moves.js';
import type { Incoming } from '../preflight/run-preflight.js';
import { placeholderOf } from './placeholders.js';

/** Labels of colocation groups that travel with the moves; the rest are called like the first. */
const maxLabels = 200;

/** A shard group that Citus's planner would move. */
export interface GroupMove {
  group: ShardGroup;
  from: string;
  to: string;
  bytes: number;
  /** The one that its tables and shards leave. */
  mode: MoveMode;
  /** It could go on online, and is expected to be over within the bound on the write stall. */
  within?: true;
}

/** Citus's plan as moves of shard groups, in no mode yet but the usual one. A drain leaves alone what lies on nodes that others marked. */
export async function planMoves(db: Db, groups: ShardGroup[], wishes: PlanWishes = {}): Promise<GroupMove[]> {
  const groupOf = new Map(
    groups.filter(({ movable }) => movable).flatMap((group) => group.shardIds.map((id) => [id, group])),
  );
  const groupsSoFar = new Set<ShardGroup>();
  const { leaving } = wishes;
  const rows = (await readRebalancePlan(db, wishes)).filter(({ from }) => leaving?.includes(from) ?? true);
  return rows.flatMap(({ shardId, from, to }): GroupMove[] => {
    const group = groupOf.get(shardId);
    if (!group || groupsSoFar.has(group)) return [];
    groupsSoFar.add(group);
    return [{ group, from, to: placeholderOf(to), bytes: group.bytes, mode: 'logical' }];
  });
}

/** The shard groups as they lie after these moves. */
export function applyMoves(groups: ShardGroup[], moves: GroupMove[], nodes: ClusterNode[]): ShardGroup[] {
  const target = new Map(
    moves.map(({ group, to }) => [group, nodes.find(({ node }) => node === to)?.groupId]),
  );
  return groups.map((group) => ({ ...group, groupId: target.get(group) ?? group.groupId }));
}

/**
 * The hash of a plan: shard groups, nodes, directions and whether writes wait, never bytes, which change by the second.
 *
 * @param nodes what happens to nodes, a line each: which come, leave, or are marked
 */
export function hashOf(moves: GroupMove[], nodes: string[]): string {
  const lines = moves.map(
    ({ group, from, to, mode }) =>
      `${[...group.shardIds].sort((a, b) => a - b).join(',')} ${from} ${to}${mode === 'blocking' ? ' blocking' : ''}`,
  );
  return createHash('sha256')
    .update([...nodes, ...lines.sort()].join('\n'))
    .digest('hex')
    .slice(0, 16);
}

/**
 * The moves in the form in which a workflow carries them, with what holds for all of them.
 *
 * @param options `nodes`: those of the cluster; of others no id is known
 */
export function roundOf(
  moves: GroupMove[],
  {
    nodes: registered = [],
    copiesBlocking = false,
    maxWriteStall = 0,
  }: {
    nodes?: readonly Pick<ClusterNode, 'node' | 'nodeId'>[];
    copiesBlocking?: boolean;
    maxWriteStall?: number;
  } = {},
): PlannedMoves {
  const nodes = [...new Set(moves.flatMap(({ from, to }) => [from, to]))];
  const labels = [...new Set(moves.map(({ group }) => formatTables(group.tables)))].slice(0, maxLabels);
  const nodeIds = nodes.map((name) => registered.find(({ node }) => node === name)?.nodeId ?? 0);
  const round = plannedMoves(
    moves.map(({ group, from, to, bytes, mode }) => ({
      shardId: Math.min(...group.shardIds),
      from: nodes.indexOf(from),
      to: nodes.indexOf(to),
      bytes,
      label: Math.max(0, labels.indexOf(formatTables(group.tables))),
      mode,
    })),
    nodes,
    labels,
  );
  return {
    ...round,
    ...(nodeIds.some((id) => id > 0) && { nodeIds }),
    ...(copiesBlocking && { copiesBlocking }),
    ...(maxWriteStall > 0 && { maxWriteStall }),
  };
}

/** The move as a person looks at it, with the first 20 shards and tables. */
export function viewOf({ group, from, to, bytes, mode, within }: GroupMove): Move {
  const { shardIds, tables } = group;
  return {
    shardIds: shardIds.slice(0, 20),
    tables: tables.slice(0, 20),
    from,
    to,
    bytes,
    mode: within ? 'blocking' : mode,
  };
}

/** Characters that the moves shown may take; the names of tables decide how many these are. */
const maxViewsSize = 12_000;
const maxViews = 50;

/** The first moves, as a person looks at them. */
export function firstMoves(moves: GroupMove[]): Move[] {
  const views = moves.slice(0, maxViews).map(viewOf);
  let size = 0;
  return views.filter((view, index) => (size += JSON.stringify(view).length) <= maxViewsSize || index === 0);
}

/** Bytes of JSON that the moves of a round may take. Temporal warns at 256 KB, and the rest of a plan takes up to 64. */
export const roundBytes = 190_000;

/** The first moves, as many as a round may have; fewer where ids, sizes and names are long. */
export function oneRound(moves: GroupMove[], request: Pick<OperationRequest, 'limits'>): GroupMove[] {
  let round = moves.slice(0, limitsOf(request).movesPerRound);
  for (let size = bytesOf(round); size > roundBytes; size = bytesOf(round))
    round = round.slice(0, Math.floor((round.length * roundBytes) / size));
  return round;
}

function bytesOf(round: GroupMove[]): number {
  return Buffer.byteLength(JSON.stringify(roundOf(round)));
}

/** The bytes that each target will receive. */
export function incomingOf(moves: GroupMove[]): Incoming[] {
  const byNode = new Map<string, Incoming>();
  for (const { to, bytes } of moves) {
    const sum = byNode.get(to) ?? { node: to, bytes: 0, largestGroupBytes: 0 };
    byNode.set(to, {
      node: to,
      bytes: sum.bytes + bytes,
      largestGroupBytes: Math.max(sum.largestGroupBytes, bytes),
    });
  }
  return [...byNode.values()];
}
