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
  n: number;
}
export interface IgnoreWindowArgs {
  by: string;
  reason: string;
}

export interface UpdateArgs {
  approve: ApproveArgs;
  reject: RejectArgs;
  pause: PauseArgs;
  resume: ResumeArgs;
  retry: RetryArgs;
  giveUp: GiveUpArgs;
  setParallelMoves: SetParallelMovesArgs;
  ignoreWindow: IgnoreWindowArgs;
}
