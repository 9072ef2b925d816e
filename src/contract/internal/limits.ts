/** How large an operation may get. */
export interface Limits {
  /** Moves of one round; what is beyond them is planned anew when the round is done. */
  movesPerRound: number;
  /**
   * Events of its history from which on no further move begins. Temporal ends a workflow at 51,200: what is between is
   * for the moves that run then, giving back and undoing.
   */
  historyEvents: number;
  /** Bytes of its history from which on no further move begins; Temporal ends a workflow at 50 MB. */
  historyBytes: number;
}

const usualLimits: Limits = { movesPerRound: 5_000, historyEvents: 40_000, historyBytes: 40_000_000 };

/** The limits of an operation: the usual ones, unless its worker was told others. */
export function limitsOf(request: { limits?: Partial<Limits> } | undefined): Limits {
  return { ...usualLimits, ...request?.limits };
}
