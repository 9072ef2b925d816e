/** How the shards of a cluster lie on its workers at one moment. */
export interface Balance {
  workers: WorkerLoad[];
  /** Largest over mean bytes of the workers that may hold shards; 1 is even, 0 when there is no data. */
  skew: number;
  /** Shard placements that a rebalance may move. */
  movableShards: number;
  /** Shard placements that never move: reference tables, Citus local tables. */
  pinnedShards: number;
}

export interface WorkerLoad {
  /** `host:port` */
  node: string;
  /** Movable shard placements on it. */
  shards: number;
  bytes: number;
  shouldHaveShards: boolean;
  state: 'active' | 'inactive' | 'planned';
}
