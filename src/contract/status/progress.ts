/** Progress of the moves. */
export interface Progress {
  /** What `done` and `total` count. */
  basis: 'bytes' | 'moves';
  done: number;
  total: number;
  /** 0 to 100. */
  percent: number;
  /** Rate of the last 30 s; filled in by the client when it watches. */
  bytesPerSecond?: number;
  /** Seconds left, at that rate. */
  etaSeconds?: number;
  /** Bytes that came to each node or went from it so far; the 50 nodes with the most. */
  byNode?: NodeFlow[];
  /** Moves that run now, 50 at most. */
  moving: Moving[];
  /** How many moves run now. */
  movingTotal: number;
  /** What the moves that don't run wait for. */
  waitingFor?: string;
}

/** The change of one node's data by the moves so far. */
export interface NodeFlow {
  node: string;
  /** Bytes that came; negative: that went. */
  bytes: number;
}

/** One move that runs, or a batch of small ones. */
export interface Moving {
  from: string;
  to: string;
  tables: string[];
  /** Citus's own word (`Setting Up`, `Copying Data`, `Catching Up`, …), or `waiting`. */
  phase: string;
  /** Bytes that the copy is behind, while it catches up. */
  lagBytes?: number;
  /** Bytes that have arrived, of `bytes`. */
  copiedBytes?: number;
  /** Size of the move. */
  bytes?: number;
  /** Which attempt it is, from 1. */
  attempt: number;
  /** Why the last attempt failed, or what holds up this one. */
  message?: string;
}
