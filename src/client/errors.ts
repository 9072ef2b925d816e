import { detailsFrom, type ErrorType, type FailureDetails, type PartialDetails } from '../contract/index.js';

/** Everything that the client throws on purpose: a sentence for a person, with evidence and remedies. */
export class ScalerError extends Error {
  /** What kind of error this is, for programs. */
  readonly type: string;
  readonly details: FailureDetails;

  constructor(type: string, message: string, details: PartialDetails = {}, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = new.target.name;
    this.type = type;
    this.details = detailsFrom(details);
  }
}

/** How an operation may fail: as the contract says, or because someone ended its workflow from outside. */
export type OperationErrorType = ErrorType | 'Terminated' | 'TimedOut' | 'Unexpected';

/** An operation failed, or was refused before it started (`InvalidInput`). */
export class OperationError extends ScalerError {
  declare readonly type: OperationErrorType;
  /** The workflow id; absent when nothing was started. */
  readonly operation: string | undefined;

  constructor(
    type: OperationErrorType,
    message: string,
    details: PartialDetails = {},
    operation?: string,
    cause?: unknown,
  ) {
    super(type, message, details, cause);
    this.operation = operation;
  }
}

/** An operation was cancelled: what could be undone is undone. */
export class OperationCancelledError extends ScalerError {
  readonly operation: string;

  constructor(operation: string, details: PartialDetails = {}, cause?: unknown) {
    super('Cancelled', `${operation} was cancelled.`, details, cause);
    this.operation = operation;
  }
}

/** An update was rejected: it makes no sense in the state that the operation is in. */
export class UpdateRejectedError extends ScalerError {
  readonly operation: string;

  constructor(
    type: string,
    operation: string,
    message: string,
    details: PartialDetails = {},
    cause?: unknown,
  ) {
    super(type, message, details, cause);
    this.operation = operation;
  }
}

/** There is no such operation, or a cluster's name stands for none or for several. */
export class UnknownOperationError extends ScalerError {
  /** The open operations that were meant, perhaps. */
  readonly candidates: string[];

  constructor(message: string, candidates: string[] = [], remedies: PartialDetails['remedies'] = []) {
    super('UnknownOperation', message, { evidence: candidates, remedies });
    this.candidates = candidates;
  }
}

/** Temporal, the worker or the cluster doesn't answer. */
export class UnreachableError extends ScalerError {
  readonly what: 'temporal' | 'worker' | 'cluster';
  /**
   * Whether it passes by itself within minutes: `likely`, as a restart does; `unlikely`, since no worker has polled for
   * minutes; `never`, since it was an answer: access was refused, or a worker said that the cluster is away.
   */
  readonly passes: 'likely' | 'unlikely' | 'never';

  constructor(
    what: 'temporal' | 'worker' | 'cluster',
    message: string,
    details: PartialDetails = {},
    cause?: unknown,
    passes: UnreachableError['passes'] = what === 'cluster' ? 'never' : 'likely',
  ) {
    super('Unreachable', message, details, cause);
    this.what = what;
    this.passes = passes;
  }
}

/** Settings of a connection make no sense: an unknown profile or namespace, an unreadable certificate, a port in use. */
export class ConnectionConfigError extends ScalerError {
  constructor(message: string, cause?: unknown) {
    super('Config', message, {}, cause);
  }
}
