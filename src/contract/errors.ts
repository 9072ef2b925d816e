/** Types of the ApplicationFailure with which a failed operation fails its workflow. */
export const errorTypes = [
  'InvalidInput',
  'UnknownCluster',
  'PreflightRefused',
  'ClusterBusy',
  'ForeignJobRunning',
  'PlanRejected',
  'PlanChanged',
  'ProvisioningFailed',
  'GivenUp',
  'NotImproved',
  'DataLossNotAccepted',
  'RecoveryRequired',
] as const;
export type ErrorType = (typeof errorTypes)[number];

/** `details[0]` of every such failure. */
export interface FailureDetails {
  cluster?: string;
  /** What was seen, a line each. */
  evidence: string[];
  /** What a person can do about it, a line each. */
  remedies: string[];
}

export function isErrorType(value: unknown): value is ErrorType {
  return errorTypes.some((type) => type === value);
}
