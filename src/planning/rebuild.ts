/** A shard group that is to be made anew on a worker. */
export interface LostGroup {
  shardIds: readonly number[];
}

/** A worker that may get it, and how many shards it holds. */
export interface Target {
  node: string;
  shards: number;
}

/** Spreads groups over workers: each goes to the one with the fewest shards, by then. */
export function spread<Group extends LostGroup>(
  groups: readonly Group[],
  targets: readonly Target[],
): { group: Group; to: string }[] {
  const load = new Map(targets.map(({ node, shards }) => [node, shards]));
  return groups.flatMap((group) => {
    const [least] = [...load].sort(([, a], [, b]) => a - b);
    if (!least) return [];
    const [to, shards] = least;
    load.set(to, shards + group.shardIds.length);
    return [{ group, to }];
  });
}
