import type { InputProblem } from './input-problem.js';
import type { Loss } from './status/rescue.js';
import { remediesOf, type Advice, type Remedy } from './remedy.js';

/** Types of the ApplicationFailure with which a failed operation fails its workflow. */
export const errorTypes = [
  /** The input makes no sense: a field is wrong, unknown or missing, or two contradict each other. */
  'InvalidInput',
  /** The config of the worker names no such cluster. */
  'UnknownCluster',
  /** A check found a blocker. */
  'PreflightRefused',
  /** Another operation holds the cluster; the message names it. */
  'ClusterBusy',
  /** Citus runs a job or a move that somebody else started; the message names it. */
  'ForeignJobRunning',
  /** A person rejected the plan. */
  'PlanRejected',
  /** The plan that was approved is not possible any more. */
  'PlanChanged',
  /** A program that starts or stops machines didn't do it. */
  'ProvisioningFailed',
  /** A person gave up on what needed attention, before a point of no return. */
  'GivenUp',
  /** Temporal's limit for one operation came near: it stopped before it, and the message names what remains. Start it again. */
  'HistoryFull',
  /** The data doesn't lie better than before. */
  'NotImproved',
  /** Data would be lost, and nobody accepted exactly that loss; `details[0].loss` says what it is. */
  'DataLossNotAccepted',
  /** It failed unexpectedly, or a person gave up past a point of no return. The details say how the cluster was left and what to do. */
  'RecoveryRequired',
] as const;
/** One of the types below which an operation can fail. */
export type ErrorType = (typeof errorTypes)[number];

/** `details[0]` of every such failure. */
export interface FailureDetails {
  /** The cluster's name in the config. Absent only where the input names none. */
  cluster?: string;
  /** What was seen, a line each. */
  evidence: string[];
  /** What a person can do about it. */
  remedies: Remedy[];
  /** What is wrong with an input, a field each; only with `InvalidInput`. The evidence repeats them as lines. */
  problems?: InputProblem[];
  /** What would be lost; only with `DataLossNotAccepted`. */
  loss?: Loss;
}

/** The details of a failure as the code writes them: any part may be left out. */
export type PartialDetails = Partial<Omit<FailureDetails, 'remedies'>> & { remedies?: readonly Advice[] };

/** Completes the details of a failure. */
export function detailsFrom({ remedies = [], ...details }: PartialDetails): FailureDetails {
  return { evidence: [], ...details, remedies: remediesOf(...remedies) };
}

/** Whether it is one of the error types. */
export function isErrorType(value: unknown): value is ErrorType {
  return errorTypes.some((type) => type === value);
}
