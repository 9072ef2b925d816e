/** A batch's question to its workflow before each further move, by the query `mayMove`. */
export interface MayMoveQuestion {
  /** The first shard of the batch: its name. */
  batch: number;
  /** ISO 8601 UTC; a workflow has no clock of its own between its tasks. */
  at: string;
}

/** A running move's question to its workflow when the maintenance window has closed, by the query `mayGoOn`. */
export interface MayGoOnQuestion {
  at: string;
}
