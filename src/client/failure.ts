import {
  ApplicationFailure,
  CancelledFailure,
  TerminatedFailure,
  TimeoutFailure,
  WorkflowFailedError,
} from '@temporalio/client';
import {
  does,
  isErrorType,
  type InputProblem,
  type Loss,
  type Remedy,
  type PartialDetails,
} from '../contract/index.js';
import { OperationCancelledError, OperationError } from './errors.js';

/** The error of ours for a workflow that didn't complete, or undefined when the error is about something else. */
export function failureOf(
  error: unknown,
  operation: string,
): OperationError | OperationCancelledError | undefined {
  if (!(error instanceof WorkflowFailedError)) return undefined;
  const cause = error.cause;
  if (cause instanceof CancelledFailure) {
    return new OperationCancelledError(operation, parseDetails(cause.details[0]), error);
  }
  if (cause instanceof TerminatedFailure) {
    const message = `${operation} was terminated: ended from outside, without cleaning up.`;
    const remedies = [does('health', 'look at the cluster before starting anew')];
    return new OperationError(
      'Terminated',
      message,
      { evidence: reasonOf(cause), remedies },
      operation,
      error,
    );
  }
  if (cause instanceof TimeoutFailure) {
    return new OperationError('TimedOut', `${operation} ran into a workflow timeout.`, {}, operation, error);
  }
  const failure = applicationFailure(cause);
  if (failure) return fromApplicationFailure(failure, operation, error);
  const message = cause?.message ?? error.message;
  return new OperationError('Unexpected', message, {}, operation, error);
}

function fromApplicationFailure(
  failure: ApplicationFailure,
  operation: string,
  error: unknown,
): OperationError {
  const details = parseDetails(failure.details?.[0]);
  const type = isErrorType(failure.type) ? failure.type : 'Unexpected';
  return new OperationError(type, failure.message, details, operation, error);
}

/** The failure that says why: an activity's or a child's failure wraps it. */
export function applicationFailure(error: unknown): ApplicationFailure | undefined {
  for (let inner = error; inner instanceof Error; inner = inner.cause) {
    if (inner instanceof ApplicationFailure) return inner;
  }
  return undefined;
}

function reasonOf(failure: TerminatedFailure): string[] {
  return failure.message === '' ? [] : [failure.message];
}

/** `details[0]` of a failure; written by a worker of any version, so nothing is taken for granted. */
export function parseDetails(value: unknown): PartialDetails {
  const fields = fieldsOf(value);
  const cluster = fields.get('cluster');
  const problems = listOf(fields.get('problems')).flatMap(problemIn);
  const loss = fields.get('loss');
  return {
    ...(typeof cluster === 'string' && { cluster }),
    evidence: textsOf(fields.get('evidence')),
    remedies: listOf(fields.get('remedies')).flatMap(remedyIn),
    ...(problems.length > 0 && { problems }),
    ...(isLoss(loss) && { loss }),
  };
}

function isLoss(value: unknown): value is Loss {
  return typeof fieldsOf(value).get('sentence') === 'string';
}

function remedyIn(value: unknown): Remedy[] {
  if (typeof value === 'string') return [{ text: value }];
  const text = fieldsOf(value).get('text');
  return typeof text === 'string' ? [{ ...(value as Remedy), text }] : [];
}

function problemIn(value: unknown): InputProblem[] {
  const fields = fieldsOf(value);
  const [field, text, others] = [fields.get('field'), fields.get('text'), textsOf(fields.get('with'))];
  if (typeof text !== 'string') return [];
  return [{ ...(typeof field === 'string' && { field }), ...(others.length > 0 && { with: others }), text }];
}

function fieldsOf(value: unknown): Map<string, unknown> {
  return new Map(typeof value === 'object' && value !== null ? Object.entries(value) : []);
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function textsOf(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return listOf(value).filter((line): line is string => typeof line === 'string');
}
