/** Sessions that a server is asked for, at once. */
export interface SessionsNeeded {
  /** Of the role as which we act. */
  acting: number;
  /** Of a table's owner, or of the extension's. */
  owner: number;
}

/** Sessions of ours on the coordinator besides those that move: they look, watch and register. */
const ownSessions = 4;

/**
 * The sessions that so many moves at once take on a node that gives or takes shards. Measured, docs/citus.md: the acting
 * role has two a move on source and target, an owner one.
 */
export function onDataNode(moves: number): SessionsNeeded {
  return { acting: 2 * moves, owner: moves };
}

/** Those on the coordinator: each move is one of ours, and the coordinator logs in to itself for it. */
export function onCoordinator(moves: number): SessionsNeeded {
  return { acting: moves + ownSessions, owner: moves };
}

/** Both together. */
export function inAll({ acting, owner }: SessionsNeeded): number {
  return acting + owner;
}
