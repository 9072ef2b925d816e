import { movesOf, type PlannedMoves } from './planned-moves.js';

/** What a plan was approved for: between which nodes shards may move, and how much. Further rounds stay within it. */
export interface Approved {
  /** Nodes that may give shards. */
  from: string[];
  /** Nodes that may get shards; absent: all, for those of `from` are to be empty. */
  to?: string[];
  /** How much may still move; absent: all that lies on the nodes of `from`. */
  open?: Volume;
  /** `nodeid` of these nodes, by the address that they had: a failover changes that, and nothing of what is approved. */
  ids?: Record<string, number>;
  /** Tables to which writes may be blocked; absent: all, for the request says so. */
  blocking?: string[];
}

/** A row of `pg_dist_node`, as far as an approval needs it. */
interface RegisteredNode {
  node: string;
  nodeId: number;
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
 * @param nodes those of the cluster
 */
export function approvedFor(
  moves: readonly Route[],
  emptied: readonly string[] = [],
  nodes: readonly RegisteredNode[] = [],
): Approved {
  const idsOf = (names: readonly string[]): Pick<Approved, 'ids'> => {
    const known = nodes.filter(({ node }) => names.includes(node));
    return known.length === 0
      ? {}
      : { ids: Object.fromEntries(known.map(({ node, nodeId }) => [node, nodeId])) };
  };
  if (emptied.length > 0) return { from: [...emptied], ...idsOf(emptied) };
  const bytes = sum(moves);
  const from = [...new Set(moves.map((move) => move.from))];
  const to = [...new Set(moves.map((move) => move.to))];
  return {
    from,
    to,
    ...idsOf([...from, ...to]),
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

/** The same with the addresses that its nodes have by now: one that was registered anew is another node. */
export function approvedNow(approved: Approved, nodes: readonly RegisteredNode[]): Approved {
  const { from, to, ids = {} } = approved;
  const now = (name: string): string => nodes.find(({ nodeId }) => nodeId === ids[name])?.node ?? name;
  return {
    ...approved,
    from: from.map(now),
    ...(to && { to: to.map(now) }),
    ids: Object.fromEntries(Object.entries(ids).map(([name, id]) => [now(name), id])),
  };
}

/** Those of the moves that are approved: between approved nodes, and the first of them only, if they come to more than is open. */
export function approvedOf<Move extends Route>({ from, to, open }: Approved, moves: readonly Move[]): Move[] {
  const between = moves.filter((move) => from.includes(move.from) && (to?.includes(move.to) ?? true));
  if (!open) return between;
  let bytes = 0;
  return between.slice(0, open.moves).filter((move) => (bytes += move.bytes) <= open.bytes);
}

/** The same with the machines that were started in the place of their placeholders, and the ids of nodes that have one by now. */
export function approvedWith(
  { to, ...rest }: Approved,
  machines: ReadonlyMap<string, string>,
  ids: Record<string, number> = {},
): Approved {
  return {
    ...rest,
    ...(to && { to: to.map((node) => machines.get(node) ?? node) }),
    ...(Object.keys(ids).length > 0 && { ids: { ...rest.ids, ...ids } }),
  };
}

function sum(moves: readonly { bytes: number }[]): number {
  return moves.reduce((total, { bytes }) => total + bytes, 0);
}
