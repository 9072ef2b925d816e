interface Group {
  groupId: number;
  shardIds: number[];
  bytes: number;
  movable: boolean;
}

/** By how much the part of the data that goes over with a clone may differ from what was approved: sizes change by the second. */
const tolerance = 0.1;

/** The shard groups of a node group that have any of these shards. */
export function groupsWith<Each extends Group>(
  groups: readonly Each[],
  groupId: number,
  shardIds: readonly number[],
): Each[] {
  const ids = new Set(shardIds);
  return groups.filter(
    (each) => each.movable && each.groupId === groupId && each.shardIds.some((id) => ids.has(id)),
  );
}

/** Bytes that Citus's strategy by_disk_size adds to each shard group, unless told otherwise: small ones count as equal. */
const baseBytes = 100 * 2 ** 20;

/** The part of a node group's data that these shards are, from 0 to 1, as Citus weighs it. */
export function shareOf(groups: readonly Group[], groupId: number, shardIds: readonly number[]): number {
  const sum = (those: readonly Group[]): number =>
    those.reduce((total, { bytes }) => total + bytes + baseBytes, 0);
  const all = groups.filter((each) => each.movable && each.groupId === groupId);
  return sum(groupsWith(all, groupId, shardIds)) / Math.max(1, sum(all));
}

/** Whether a split is what was approved, as far as sizes let it be. One that gives nothing, or everything, never is. */
export function isApprovedShare(share: number, approved: number): boolean {
  return share > 0 && share < 1 && Math.abs(share - approved) <= tolerance;
}
