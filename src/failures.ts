import { ApplicationFailure } from '@temporalio/common';
import { detailsFrom, type ErrorType, type FailureDetails, type PartialDetails } from './contract/index.js';

/** Type of a failure that Temporal retries until it has passed. */
export const passingType = 'Passing';
/** Type of a failure that a person has to repair: the operation parks. */
export const needsPersonType = 'NeedsPerson';
/** Type of a failure of an activity that may change nothing any more: its operation lost the cluster's lock. */
export const lockLostType = 'LockLost';

/** A failure that ends the operation, with one of the public types. Retried by nobody. */
export function refused(type: ErrorType, message: string, details: PartialDetails = {}): ApplicationFailure {
  return failure(type, message, details, true);
}

/** A failure that a person has to repair: the operation parks until `retry`, `giveUp` or a cancel. */
export function needsPerson(message: string, details: PartialDetails = {}): ApplicationFailure {
  return failure(needsPersonType, message, details, true);
}

/** A failure that passes by itself: Temporal tries again, and after a minute a person is told. */
export function passing(message: string, details: PartialDetails = {}): ApplicationFailure {
  return failure(passingType, message, details, false);
}

/** What a failure that repeats is known by, and how often it may happen before it is a person's. */
export interface Repetition {
  cause: string;
  most: number;
}

/** Times that the same cause may fail an activity, where nothing else is known of it. */
const usualMost = 3;

/**
 * A failure that may pass, but not by waiting alone: Temporal tries again, and when the same cause has come so and so
 * often the operation parks with it. The first remedy is to repair the cause; retry follows.
 *
 * @param cause what makes two failures the same
 */
export function repeating(
  cause: string,
  message: string,
  details: PartialDetails,
  most = usualMost,
): ApplicationFailure {
  return failure(passingType, message, details, false, { cause, most });
}

/** What a failure that repeats is known by; undefined for any other. */
export function repetitionOf(error: unknown): Repetition | undefined {
  return error instanceof ApplicationFailure ? (error.details?.[1] as Repetition | undefined) : undefined;
}

/** A failure of an activity whose operation doesn't hold the cluster's lock any more. */
export function lockLost(lockId: string): ApplicationFailure {
  return failure(lockLostType, `the cluster is not held by this operation any more (${lockId})`, {}, true);
}

/** The same failure, with more that was seen. */
export function withEvidence(error: ApplicationFailure, ...evidence: string[]): ApplicationFailure {
  const details = detailsOf(error);
  const more = { ...details, evidence: [...details.evidence, ...evidence] };
  const { type, message, nonRetryable } = error;
  return failure(type ?? needsPersonType, message, more, nonRetryable ?? false, repetitionOf(error));
}

/** Whether an activity refused to act, since its operation doesn't hold the lock any more. */
export function isLockLost(error: unknown): boolean {
  return error instanceof ApplicationFailure && error.type === lockLostType;
}

/** The details of a failure of ours: evidence, remedies and more. Empty for an error of anyone else. */
export function detailsOf(error: unknown): FailureDetails {
  const details =
    error instanceof ApplicationFailure ? (error.details?.[0] as PartialDetails | undefined) : undefined;
  return detailsFrom(details ?? {});
}

function failure(
  type: string,
  message: string,
  details: PartialDetails,
  nonRetryable: boolean,
  repetition?: Repetition,
): ApplicationFailure {
  const all = [detailsFrom(details), ...(repetition ? [repetition] : [])];
  return ApplicationFailure.create({ type, message, nonRetryable, details: all });
}
