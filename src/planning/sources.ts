import type { PlannedMoves } from './planned-moves.js';

/** Where shard groups lay before an operation moved them: by node, a shard of each group. */
export type Sources = Record<string, number[]>;

/** Characters of JSON that they may take: the order of a verification is one of the payloads of 64 KB at most. */
const sourcesSize = 60_000;

/**
 * The sources of all rounds of an operation; of a group that was moved twice the first. Absent when they would take too
 * much room: some 7,000 groups fit, which is more than a round has.
 */
export function sourcesOf(rounds: readonly PlannedMoves[]): Sources | undefined {
  const sources: Sources = {};
  const ids = new Set<number>();
  for (const { nodes, moves } of rounds) {
    for (const [shardId, from] of moves) {
      if (ids.has(shardId)) continue;
      ids.add(shardId);
      (sources[nodes[from] ?? '?'] ??= []).push(shardId);
    }
  }
  return JSON.stringify(sources).length <= sourcesSize ? sources : undefined;
}

/**
 * The node group that a shard came from; nodes that are not registered any more are left out. After a failover the address
 * is that of a standby of the same group.
 */
export function sourceGroups(
  sources: Sources,
  nodes: readonly { node: string; groupId: number }[],
): Map<number, number> {
  const groupIds = new Map(nodes.map(({ node, groupId }) => [node.toLowerCase(), groupId]));
  return new Map(
    Object.entries(sources).flatMap(([node, shardIds]) => {
      const groupId = groupIds.get(node.toLowerCase());
      return groupId === undefined ? [] : shardIds.map((id): [number, number] => [id, groupId]);
    }),
  );
}
