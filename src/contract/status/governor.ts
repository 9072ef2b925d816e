/** Figures of the load, by the field of the config that limits each. */
export const governorLimits = [
  /** Seconds: age of the oldest statement on the coordinator that began after the movement. */
  'maxStatementSeconds',
  /** Percent of the time in which something waits for a CPU, on the node where it is most. */
  'maxCpuPressure',
  /** Milliseconds: mean duration of statements on the coordinator. */
  'maxMeanStatementMs',
  /** Bytes that a slot in use on the coordinator, or a running move, is behind. */
  'maxLag',
] as const;
/** A field of `governor` in the config. */
export type GovernorLimit = (typeof governorLimits)[number];

/** One figure of the load, with its limit. */
export interface LoadFigure {
  /** The field of the config that limits it. */
  limitedBy: GovernorLimit;
  /** In seconds, percent, milliseconds or bytes: see [GovernorLimit](#governorlimit). */
  value: number;
  /** The limit, in the same unit. */
  limit: number;
}

/** One change of the number of moves at once. */
export interface GovernorChange {
  /** When it was made. */
  at: string;
  /** Moves at once from then on; 0: no further one starts. */
  parallelMoves: number;
  /** Why. */
  reason: string;
}

/** How many moves at once the load on the cluster allows. */
export interface GovernorStatus {
  /** Moves at once now; 0: no further one starts until the load has gone down. */
  parallelMoves: number;
  /** The most that a person or the config allows. */
  ceiling: number;
  /** Why it is so many. */
  reason: string;
  /** The load: as it is now when the client asks, else as of the last change. */
  figures: LoadFigure[];
  /** The last 20 changes. */
  changes: GovernorChange[];
}

/**
 * A change of the load that matters: the activity that watches the load sends it to its workflow, by the signal
 * `governed`.
 */
export interface GovernorNews {
  change?: Omit<GovernorChange, 'at'> & { figures: LoadFigure[] };
  /** What can't be read, once. */
  notes: string[];
}
