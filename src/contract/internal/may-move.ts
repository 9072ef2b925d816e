/** What the activity that moves asks its workflow before each further move of its batch, by the query `mayMove`. */
export interface MayMoveQuestion {
  /** The first shard of the batch: its name. */
  batch: number;
  /** ISO 8601 UTC; a workflow has no clock of its own between its tasks. */
  at: string;
}

/** Asked by a move that runs when its maintenance window has closed, by the query `mayGoOn`. */
export interface MayGoOnQuestion {
  at: string;
}
