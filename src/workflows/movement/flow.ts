import type { NodeFlow } from '../../contract/index.js';

/** As many nodes as a status names. */
const shownNodes = 50;

/** What has come to each node, or gone from it, by the moves that are made. */
export interface Flow {
  /** Counts a move that is made. */
  add: (move: { from: string; to: string; bytes: number }) => void;
  /** The nodes with the most. */
  byNode: () => NodeFlow[];
}

export function createFlow(): Flow {
  const nodes = new Map<string, number>();
  const count = (node: string, bytes: number): unknown => nodes.set(node, (nodes.get(node) ?? 0) + bytes);
  return {
    add: ({ from, to, bytes }) => {
      count(from, -bytes);
      count(to, bytes);
    },
    byNode: () =>
      [...nodes]
        .map(([node, bytes]) => ({ node, bytes }))
        .sort((a, b) => Math.abs(b.bytes) - Math.abs(a.bytes))
        .slice(0, shownNodes),
  };
}
