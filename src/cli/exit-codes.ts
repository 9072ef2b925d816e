import type { OperationReport, OperationStatus } from '../contract/index.js';

/** The exit codes that scripts may rely on. */
export const exit = {
  ok: 0,
  failed: 1,
  usage: 2,
  refused: 3,
  busy: 4,
  waiting: 5,
  cancelled: 6,
  unreachable: 7,
} as const;
export type ExitCode = (typeof exit)[keyof typeof exit];

const byType: Partial<Record<string, ExitCode>> = {
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

/** The exit code of an error by its type; whatever isn't known failed. */
export function exitCodeOf(type: string): ExitCode {
  return byType[type] ?? exit.failed;
}

/** A dry run answers; with blockers it says no. */
export function exitCodeOfReport({ checks }: OperationReport | OperationStatus, dryRun: boolean): ExitCode {
  return dryRun && checks.some(({ severity, ok }) => severity === 'blocker' && !ok) ? exit.refused : exit.ok;
}
