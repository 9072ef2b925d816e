import { movesOf, type PlannedMoves } from './planned-moves.js';

/** What a plan was approved for: between which nodes shards may move, and how much. Further rounds stay within it. */
export interface Approved {
  /** Nodes that may give shards. */
  from: string[];
  /** Nodes that may get shards; absent: all, for those of `from` are to be empty. */
  to?: string[];
  /** How much may still move; absent: all that lies on the nodes of `from`. */
  open?: Volume;
  /** Tables to which writes may be blocked; absent: all, for the request says so. */
  blocking?: string[];
}

interface Volume {
  moves: number;
  bytes: number;
}

interface Route {
  from: string;
  to: string;
  bytes: number;
}

/** Data grows while it moves. So a tenth more than was approved may move: for fewer than ten moves, none more. */
const growth = 0.1;

/**
 * What a plan is approved for.
 *
 * @param moves all of its moves, those of later rounds too
 * @param emptied nodes that it names as to be empty: whatever comes to them meanwhile leaves them, too
 */
export function approvedFor(moves: readonly Route[], emptied: readonly string[] = []): Approved {
  if (emptied.length > 0) return { from: [...emptied] };
  const bytes = sum(moves);
  return {
    from: [...new Set(moves.map(({ from }) => from))],
    to: [...new Set(moves.map(({ to }) => to))],
    open: {
      moves: moves.length + Math.floor(growth * moves.length),
      bytes: bytes + Math.ceil(growth * bytes),
    },
  };
}

/** What is still approved once a round of it is made. */
export function approvedAfter({ open, ...nodes }: Approved, round: PlannedMoves): Approved {
  if (!open) return nodes;
  const made = movesOf(round);
  return { ...nodes, open: { moves: open.moves - made.length, bytes: open.bytes - sum(made) } };
}

/** Those of the moves that are approved: between approved nodes, and the first of them only, if they come to more than is open. */
export function approvedOf<Move extends Route>({ from, to, open }: Approved, moves: readonly Move[]): Move[] {
  const between = moves.filter((move) => from.includes(move.from) && (to?.includes(move.to) ?? true));
  if (!open) return between;
  let bytes = 0;
  return between.slice(0, open.moves).filter((move) => (bytes += move.bytes) <= open.bytes);
}

/** The same with the machines that were started in the place of their placeholders. */
export function approvedWith({ to, ...rest }: Approved, machines: ReadonlyMap<string, string>): Approved {
  return to ? { ...rest, to: to.map((node) => machines.get(node) ?? node) } : rest;
}

function sum(moves: readonly { bytes: number }[]): number {
  return moves.reduce((total, { bytes }) => total + bytes, 0);
}
