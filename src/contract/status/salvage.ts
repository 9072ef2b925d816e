/** What a server that was given up and came back holds, and the cluster lacks. */
export interface Salvage {
  /** `host:port` */
  node: string;
  /** Whether no statement there reaches the cluster any more. */
  fenced: boolean;
  /** The first 50 tables, those with the most missing rows first. */
  tables: SalvagedTable[];
  tablesTotal: number;
  /** Rows that the cluster lacks, of all tables. */
  missing: number;
  /** Rows of which the cluster has another version, which is left as it is. */
  conflicts: number;
}

/** The part of a table that lies on such a server. */
export interface SalvagedTable {
  table: string;
  shards: number;
  /** Those of them that were brought over before. */
  shardsDone: number;
  /** Rows there, and those that the cluster lacks. */
  rows?: number;
  missing?: number;
  /** Rows of the same key that differ in the cluster. */
  conflicts?: number;
  /** Why its rows stay there. */
  why?: string;
}
