import type { Move, Plan } from '../contract/index.js';

/**
 * The approved moves, in the form in which a workflow carries them: payloads stay below 64 KB, so up to
 * {@link maxMovesPerRound} moves are written in about eight characters each.
 */

/** One shard group to move; `from` and `to` are indexes into {@link PackedMoves.nodes}. */
export interface PlannedMove {
  /** Any shard of the group: one call moves all colocated shards. */
  shardId: number;
  from: number;
  to: number;
  /** Rounded up to the plan's unit: good for batches and progress, not for accounting. */
  bytes: number;
  /** Index into {@link PackedMoves.labels}. */
  label: number;
}

export interface PackedMoves {
  /** `host:port`, or a placeholder for a machine that is yet to be started. */
  nodes: string[];
  /** What the moves of a colocation group are called, for example `orders and 1 more`. */
  labels: string[];
  /** Bytes that one step of a written size stands for. */
  unit: number;
  /** `from.to.label:shardDelta size,…;…`, numbers in base 36, the size in three digits right after the difference. */
  moves: string;
}

/** Moves of one round; what is beyond them is planned anew when the round is done. */
export const maxMovesPerRound = 5_000;

const sizeDigits = 3;
const largestWrittenSize = 36 ** sizeDigits - 1;

export function packMoves(moves: PlannedMove[], nodes: string[], labels: string[]): PackedMoves {
  const unit = Math.max(1, Math.ceil(Math.max(0, ...moves.map((move) => move.bytes)) / largestWrittenSize));
  const lanes = new Map<string, PlannedMove[]>();
  for (const move of moves) {
    const lane = [move.from, move.to, move.label].map((part) => part.toString(36)).join('.');
    const moved = lanes.get(lane);
    if (moved) moved.push(move);
    else lanes.set(lane, [move]);
  }
  const written = [...lanes].map(([lane, laneMoves]) => `${lane}:${packLane(laneMoves, unit)}`);
  return { nodes, labels, unit, moves: written.join(';') };
}

function packLane(moves: PlannedMove[], unit: number): string {
  let previous = 0;
  return [...moves]
    .sort((a, b) => a.shardId - b.shardId)
    .map(({ shardId, bytes }) => {
      const delta = shardId - previous;
      previous = shardId;
      return `${delta.toString(36)}${Math.ceil(bytes / unit)
        .toString(36)
        .padStart(sizeDigits, '0')}`;
    })
    .join(',');
}

export function unpackMoves({ moves, unit }: PackedMoves): PlannedMove[] {
  if (moves === '') return [];
  return moves.split(';').flatMap((lane) => {
    const [head = '', body = ''] = lane.split(':');
    const [from = 0, to = 0, label = 0] = head.split('.').map((part) => parseInt(part, 36));
    let shardId = 0;
    return body.split(',').map((entry) => {
      shardId += parseInt(entry.slice(0, -sizeDigits), 36);
      return { shardId, from, to, label, bytes: parseInt(entry.slice(-sizeDigits), 36) * unit };
    });
  });
}

/** Puts the machines that were started in the place of their placeholders. */
export function withNodes(packed: PackedMoves, started: ReadonlyMap<string, string>): PackedMoves {
  return { ...packed, nodes: packed.nodes.map((node) => started.get(node) ?? node) };
}

/** The plan as a person sees it, with the machines that were started in the place of their placeholders. */
export function planWithNodes(plan: Plan, started: ReadonlyMap<string, string>): Plan {
  const named = (node: string): string => started.get(node) ?? node;
  return {
    ...plan,
    newWorkers: plan.newWorkers.map(named),
    moves: plan.moves.map((move) => ({ ...move, to: named(move.to) })),
    after: {
      ...plan.after,
      workers: plan.after.workers.map((worker) => ({ ...worker, node: named(worker.node) })),
    },
  };
}

/** What a person calls a move. */
export function namesOf(
  { nodes, labels }: PackedMoves,
  move: PlannedMove,
): Pick<Move, 'from' | 'to' | 'tables'> {
  return {
    from: nodes[move.from] ?? '?',
    to: nodes[move.to] ?? '?',
    tables: [labels[move.label] ?? 'shards'],
  };
}
