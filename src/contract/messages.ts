/** Arguments of the updates in names.ts; `by` names the person or program that asks. */
export interface ApproveArgs {
  by: string;
  /** Refused when it is not the hash of the plan shown. May be left out only while the plan has never changed. */
  planHash?: string;
}
export interface RejectArgs {
  by: string;
  reason: string;
}
export interface PauseArgs {
  by: string;
  reason?: string;
  /** Stop the running moves instead of letting them finish. They start again from their beginning on `resume`. */
  now?: boolean;
}
export interface ResumeArgs {
  by: string;
}
export interface RetryArgs {
  by: string;
}
export interface GiveUpArgs {
  by: string;
  reason: string;
}
export interface SetParallelMovesArgs {
  by: string;
  /** 1 to 64 */
  n: number;
}
export interface IgnoreWindowArgs {
  by: string;
  reason: string;
}

export interface UpdateArgs {
  /** Approves the plan shown, exactly that one. */
  approve: ApproveArgs;
  /** Rejects the plan shown, which ends the operation as `PlanRejected`. */
  reject: RejectArgs;
  /**
   * Begins nothing new until `resume`, at any step that moves, deregisters or removes: no further move, no copy of
   * reference tables, no removal of a worker, no step of a clean-up. What has begun is finished; moves are stopped
   * with `now`. Checks, plan and approval go on.
   */
  pause: PauseArgs;
  /** Goes on after a pause. */
  resume: ResumeArgs;
  /** Tries again what needs attention. */
  retry: RetryArgs;
  /**
   * Stops trying, the clean-up included; the operation ends as `GivenUp` within half a minute; past a point of no
   * return as `RecoveryRequired`, which says how the cluster was left.
   */
  giveUp: GiveUpArgs;
  /**
   * Changes how many moves run at once, from now on; those that run finish. Taken from the start to the end of an
   * operation; refused by a clean-up, which makes no moves. Where the config has a governor this is its ceiling.
   */
  setParallelMoves: SetParallelMovesArgs;
  /** Moves outside the maintenance windows too, from now on. Refused where the cluster has none, and by a clean-up. */
  ignoreWindow: IgnoreWindowArgs;
}
