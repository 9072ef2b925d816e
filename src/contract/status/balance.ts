/** How the shards of a cluster lie on its workers at one moment. */
export interface Balance {
  /** The workers, and the coordinator where it holds shards. */
  workers: WorkerLoad[];
  /**
   * Largest over mean bytes of the workers that may hold shards; 1 is even, 0 when there is no data. In a plan's `before` those
   * count, too, that may hold shards afterwards: new workers are empty.
   */
  skew: number;
  /** A node didn't tell the sizes: all `bytes` are 0 then, and so is the skew. */
  sizesUnknown?: true;
  /** Shard placements that a rebalance may move. */
  movableShards: number;
  /** Shard placements that never move: reference tables, Citus local tables. */
  pinnedShards: number;
}

/** One worker of a balance. */
export interface WorkerLoad {
  /** `host:port` */
  node: string;
  /** Movable shard placements on it. */
  shards: number;
  /** Size of these placements. */
  bytes: number;
  /** Citus's mark: whether new shards and rebalances may put data there. */
  shouldHaveShards: boolean;
  /**
   * `planned`: it joins with the plan. `isolated`: it gets no metadata and takes no part in moves; when it is dead, the size
   * of what lies on it isn't known.
   */
  state: 'active' | 'inactive' | 'planned' | 'isolated';
}
