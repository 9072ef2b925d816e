import { ApplicationFailure } from '@temporalio/common';
import type { z } from 'zod';
import type { FailureDetails } from '../../contract/index.js';
import { clusterName } from '../../contract/schema/fields.js';

export function invalidInput(cluster: string | undefined, evidence: string[]): ApplicationFailure {
  const details: FailureDetails = {
    evidence,
    remedies: ['correct the input and start again'],
    ...(cluster === undefined ? {} : { cluster }),
  };
  const more = evidence.length > 1 ? ` (and ${evidence.length - 1} more)` : '';
  return ApplicationFailure.create({
    type: 'InvalidInput',
    message: `The input isn't right: ${evidence[0] ?? ''}${more}`,
    nonRetryable: true,
    details: [details],
  });
}

/** Of an input that may be anything: the cluster that it names, if a cluster can be called so. */
export function namedCluster(input: unknown): string | undefined {
  const named = typeof input === 'object' && input !== null && 'cluster' in input ? input.cluster : undefined;
  return clusterName.safeParse(named).data;
}

/** A line a problem: the field, what is wrong, what it may be. */
export function sayProblems(error: z.ZodError): string[] {
  return error.issues.map((issue) => {
    if (issue.code === 'unrecognized_keys') return `unknown field ${issue.keys.join(', ')}; ${issue.message}`;
    return `${issue.path.join('.') || 'input'}: ${issue.message}`;
  });
}
