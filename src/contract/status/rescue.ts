/** The ways to get a dead worker out of a cluster, the safest first. */
export const rungIds = ['no-shards', 'standby', 'restored', 'give-up-data'] as const;
/** One of the ways. */
export type RungId = (typeof rungIds)[number];

/** One way to get a dead worker out: whether it is possible, and why, or why not. */
export interface Rung {
  id: RungId;
  possible: boolean;
  /** The facts that make it possible, or what it lacks. */
  why: string;
  /** `host:port` of the server that takes the worker's place. */
  server?: string;
  /** Whether rows are lost by it. */
  losesData: boolean;
  /** Whether the operation takes it: the approval is for this one. */
  chosen: boolean;
}

/** The way that is taken. */
export function chosenRung(rungs: readonly Rung[]): Rung | undefined {
  return rungs.find(({ chosen }) => chosen);
}

/** Whether a plan gives up what nobody else has. */
export function givesUp({ rungs = [] }: { rungs?: readonly Rung[] }): boolean {
  return chosenRung(rungs)?.id === 'give-up-data';
}

/** What exists only on dead workers, and is lost when they are given up. */
export interface Loss {
  /** What `acceptDataLoss` has to be, letter by letter but for the number of rows, which drifts. */
  sentence: string;
  /** Made from the workers, tables and shard groups: a loss that has changed needs a new sentence. */
  hash: string;
  /** The first 50 tables, the largest first. */
  tables: LostTable[];
  tablesTotal: number;
  /** Shard groups that are lost, of all tables. */
  shardGroups: number;
  /** Estimated rows of all tables of which any are known, in two digits. */
  rows?: number;
  /** Estimated bytes. */
  bytes?: number;
}

/** The part of a table that is lost. */
export interface LostTable {
  table: string;
  /** Its shards that are lost, and how many it has in all. */
  shardGroups: number;
  shardsTotal: number;
  /** The hash ranges of those, 20 at most: `-2147483648..-1073741825`. None for tables that have none. */
  ranges: string[];
  /** Estimated rows; absent where nothing is known. */
  rows?: number;
  bytes?: number;
  /** Where the estimates come from: a sample taken while the worker was well, or the table's other shards. */
  basis: 'sample' | 'siblings';
}
