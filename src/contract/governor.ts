/** What the governor can look at over the coordinator, by the field of the config that limits it. */
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
export type GovernorLimit = (typeof governorLimits)[number];

export interface LoadFigure {
  limitedBy: GovernorLimit;
  /** Seconds, percent, milliseconds or bytes. */
  value: number;
  limit: number;
}

export interface GovernorChange {
  at: string;
  /** Moves at once from then on; 0: no further one starts. */
  parallelMoves: number;
  reason: string;
}

/** How many moves at once the load on the cluster allows. */
export interface GovernorStatus {
  /** Moves at once now; 0: no further one starts until the load has gone down. */
  parallelMoves: number;
  /** What a person or the config allows. */
  ceiling: number;
  /** Why it is so many. */
  reason: string;
  /** The load: live in the answer of the client, else as of the last change. */
  figures: LoadFigure[];
  /** The last 20. */
  changes: GovernorChange[];
}

/** What the activity that watches the load tells its workflow, by the signal `governed`: at changes only. */
export interface GovernorNews {
  change?: Omit<GovernorChange, 'at'> & { figures: LoadFigure[] };
  /** What can't be read, once. */
  notes: string[];
}
