import type { Move, MoveMode, Plan } from '../contract/index.js';

/** A shard group to move; `from` and `to` are indexes into {@link PlannedMoves.nodes}. */
export interface PlannedMove {
  /** Any shard of the group: one call moves all colocated shards. */
  shardId: number;
  from: number;
  to: number;
  bytes: number;
  /** Index into {@link PlannedMoves.labels}. */
  label: number;
  mode: MoveMode;
}

/** The moves of a round, in the form in which a workflow carries them: a short line each, nodes and tables named once. */
export interface PlannedMoves {
  /** `host:port`, or a placeholder for a machine that is yet to be started. */
  nodes: string[];
  /**
   * `nodeid` of each: a failover changes where a node is, never its id. 0 for one that isn't registered yet; absent: unknown.
   */
  nodeIds?: number[];
  /** Names for the moves of a colocation group, for example `orders and 1 more`. */
  labels: string[];
  /** In the order of the plan. */
  moves: [shardId: number, from: number, to: number, bytes: number, label: number, blocking?: 1][];
  /** Writes to reference tables are to be blocked while they are copied; absent: they go on. */
  copiesBlocking?: true;
  /** Seconds for which moves may block writes that could also go on, where that is faster; absent: never. */
  maxWriteStall?: number;
  /** What moves is empty: those that block writes are made in one statement, as many as may. Absent: each by itself. */
  together?: true;
}

/** Packs moves into the form in which a workflow carries them. */
export function plannedMoves(moves: PlannedMove[], nodes: string[], labels: string[]): PlannedMoves {
  return {
    nodes,
    labels,
    moves: moves.map(({ shardId, from, to, bytes, label, mode }) =>
      mode === 'blocking' ? [shardId, from, to, bytes, label, 1] : [shardId, from, to, bytes, label],
    ),
  };
}

/** Unpacks the moves of a round. */
export function movesOf({ moves }: PlannedMoves): PlannedMove[] {
  return moves.map(([shardId, from, to, bytes, label, blocking]) => ({
    shardId,
    from,
    to,
    bytes,
    label,
    mode: blocking === 1 ? 'blocking' : 'logical',
  }));
}

/** Those moves of a round that are made in one mode. */
export function movesIn(round: PlannedMoves, mode: MoveMode): PlannedMoves {
  const moves = round.moves.filter(([, , , , , blocking]) => (blocking === 1) === (mode === 'blocking'));
  return { ...round, moves };
}

/** Puts the machines that were started in the place of their placeholders. */
export function withNodes(round: PlannedMoves, machines: ReadonlyMap<string, string>): PlannedMoves {
  return { ...round, nodes: round.nodes.map((node) => machines.get(node) ?? node) };
}

/** The same with the ids of nodes that have one by now. */
export function withIds(round: PlannedMoves, ids: Record<string, number>): PlannedMoves {
  if (Object.keys(ids).length === 0) return round;
  return { ...round, nodeIds: round.nodes.map((node, index) => ids[node] ?? round.nodeIds?.[index] ?? 0) };
}

/** The plan as a person sees it, with the machines that were started in the place of their placeholders. */
export function planWithNodes(plan: Plan, machines: ReadonlyMap<string, string>): Plan {
  const nameOf = (node: string): string => machines.get(node) ?? node;
  return {
    ...plan,
    newWorkers: plan.newWorkers.map(nameOf),
    moves: plan.moves.map((move) => ({ ...move, to: nameOf(move.to) })),
    after: {
      ...plan.after,
      workers: plan.after.workers.map((worker) => ({ ...worker, node: nameOf(worker.node) })),
    },
    ...(plan.replacement && {
      replacement: { ...plan.replacement, clone: nameOf(plan.replacement.clone) },
    }),
  };
}

/** The nodes and tables of a move, by name. */
export function namesOf(
  { nodes, labels }: PlannedMoves,
  move: PlannedMove,
): Pick<Move, 'from' | 'to' | 'tables'> {
  return {
    from: nodes[move.from] ?? '?',
    to: nodes[move.to] ?? '?',
    tables: [labels[move.label] ?? 'shards'],
  };
}

/** The ids of the nodes of a move, where the plan knows them. */
export function idsOf(
  { nodeIds = [] }: Pick<PlannedMoves, 'nodeIds'>,
  { from, to }: Pick<PlannedMove, 'from' | 'to'>,
): { fromId?: number; toId?: number } {
  const fromId = nodeIds[from] ?? 0;
  const toId = nodeIds[to] ?? 0;
  return { ...(fromId !== 0 && { fromId }), ...(toId !== 0 && { toId }) };
}
