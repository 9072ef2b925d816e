import { blocks, type OperationReport, type OperationStatus } from '../contract/index.js';

/** The exit codes that scripts may rely on. */
export const exit = {
  /** done, nothing to do, detached, or answered */
  ok: 0,
  /** failed, or a cancel that was refused */
  failed: 1,
  /** the command line, the config or the input makes no sense */
  usage: 2,
  /** a check found a blocker, also in a dry run */
  refused: 3,
  /** somebody else works on the cluster */
  busy: 4,
  /** someone must approve or repair, and there is no terminal to ask at */
  waiting: 5,
  /** cancelled, or the plan was rejected */
  cancelled: 6,
  /** Temporal or the worker can't be reached; for `init` and commands that only read, the cluster too */
  unreachable: 7,
} as const;
/** One of the exit codes. */
export type ExitCode = (typeof exit)[keyof typeof exit];

/** The exit codes by type of the error; any other type is `failed`. */
export const exitCodesByType: Partial<Record<string, ExitCode>> = {
  Usage: exit.usage,
  Config: exit.usage,
  InvalidInput: exit.usage,
  UnknownCluster: exit.usage,
  UnknownOperation: exit.usage,
  PreflightRefused: exit.refused,
  ClusterBusy: exit.busy,
  ForeignJobRunning: exit.busy,
  PlanRejected: exit.cancelled,
  Cancelled: exit.cancelled,
  Unreachable: exit.unreachable,
};

/** The exit code of an error by its type. */
export function exitCodeOf(type: string): ExitCode {
  return exitCodesByType[type] ?? exit.failed;
}

/** A dry run answers; with blockers it says no. */
export function exitCodeOfReport({ checks }: OperationReport | OperationStatus, dryRun: boolean): ExitCode {
  return dryRun && checks.some(blocks) ? exit.refused : exit.ok;
}
