import { ActivityFailure, ApplicationFailure, TimeoutFailure } from '@temporalio/workflow';
import type { Status } from './status.js';
import { does, isErrorType, type Attention } from '../../contract/index.js';
import type { OperationRequest } from '../../contract/internal/request.js';
import { startAgain } from '../../contract/internal/start-again.js';
import { detailsOf, lockLostType, refused } from '../../failures.js';

/**
 * The failure that ends an operation which a person gave up on: it says on what, and past a point of no return how the
 * cluster is left.
 */
export function giveUpFailure(
  { view, troubles, howLeft, request }: Status,
  message: string,
): ApplicationFailure {
  const on = [...troubles.values()].flatMap(({ problem, evidence }) => [
    problem,
    ...evidence.split('\n').filter((line) => line !== '' && line !== problem),
  ]);
  return refused(howLeft ? 'RecoveryRequired' : 'GivenUp', message, {
    cluster: view.cluster,
    evidence: [...on, ...(howLeft?.evidence ?? [])],
    remedies: howLeft?.remedies ?? [
      'the notes of the report say what could not be given back',
      ...(request
        ? [startAgain(request, 'start the operation anew: what is done already is seen, and stays done')]
        : []),
    ],
  });
}

/** The failure of an operation whose plan a person rejected. */
export function planRejected(request: OperationRequest, message: string): ApplicationFailure {
  return refused('PlanRejected', message, {
    cluster: request.cluster,
    remedies: [startAgain(request, 'start the operation again for a new plan')],
  });
}

/** The failure of ours that ends the operation, when an activity ended with one. */
export function endingFailure(error: unknown): ApplicationFailure | undefined {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  return cause instanceof ApplicationFailure && isErrorType(cause.type) ? cause : undefined;
}

/** Whether an activity refused to act because the cluster isn't held by this operation any more. */
export function isLockLost(error: unknown): boolean {
  return (
    error instanceof ActivityFailure &&
    error.cause instanceof ApplicationFailure &&
    error.cause.type === lockLostType
  );
}

/** The problem that a person reads of a failure which they have to repair. */
export function attentionOf(error: unknown): Attention {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  if (cause instanceof ApplicationFailure) {
    const { evidence, remedies } = detailsOf(cause);
    return { problem: cause.message, evidence: evidence.join('\n'), remedies };
  }
  if (cause instanceof TimeoutFailure) {
    return {
      problem: 'A call took too long',
      evidence: cause.message,
      remedies: [does('retry', 'look whether the cluster answers, then retry')],
    };
  }
  return {
    problem: 'Something unexpected happened',
    evidence: cause instanceof Error ? cause.message : String(cause),
    remedies: [does('retry', 'read the evidence, then retry'), does('giveUp', 'or give up')],
  };
}
