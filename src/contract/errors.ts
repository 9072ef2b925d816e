import type { InputProblem } from './input-problem.js';
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
  /** A person gave up on what needed attention, where it could still be undone; else it is `RecoveryRequired`. */
  'GivenUp',
  /** The data lies no better than before. */
  'NotImproved',
  /** Data would be lost, and nobody accepted that. Of operations to come. */
  'DataLossNotAccepted',
  /** It failed, or a person gave up, where it can't be undone; the details say how the cluster was left and what to do. */
  'RecoveryRequired',
] as const;
export type ErrorType = (typeof errorTypes)[number];

/** `details[0]` of every such failure. */
export interface FailureDetails {
  /** Its name in the config. Absent only where the input names none. */
  cluster?: string;
  /** What was seen, a line each. */
  evidence: string[];
  /** What a person can do about it. */
  remedies: Remedy[];
  /** What is wrong with an input, a field each. Of `InvalidInput`; the evidence has them as lines. */
  problems?: InputProblem[];
}

/** What a failure says besides its sentence, as the code writes it. */
export type PartialDetails = Partial<Omit<FailureDetails, 'remedies'>> & { remedies?: readonly Advice[] };

export function detailsFrom({ remedies = [], ...details }: PartialDetails): FailureDetails {
  return { evidence: [], ...details, remedies: remediesOf(...remedies) };
}

export function isErrorType(value: unknown): value is ErrorType {
  return errorTypes.some((type) => type === value);
}
