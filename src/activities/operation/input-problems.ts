import type { ApplicationFailure } from '@temporalio/common';
import { clusterName } from '../../contract/schema/fields.js';
import { problemLine, type InputProblem, type PartialDetails } from '../../contract/index.js';
import { refused } from '../../failures.js';

/** Names every problem of an input, with its field. */
export function invalidInput(
  cluster: string | undefined,
  problems: InputProblem[],
  { evidence = [], remedies = ['correct the input and start again'] }: PartialDetails = {},
): ApplicationFailure {
  const lines = problems.map(problemLine);
  const more = lines.length > 1 ? ` (and ${lines.length - 1} more)` : '';
  return refused('InvalidInput', `The input isn't right: ${lines[0] ?? ''}${more}`, {
    ...(cluster !== undefined && { cluster }),
    evidence: [...lines, ...evidence],
    remedies,
    problems,
  });
}

/** The cluster that an unchecked input names; undefined when no cluster can be called so. */
export function clusterNameIn(input: unknown): string | undefined {
  const name = typeof input === 'object' && input !== null && 'cluster' in input ? input.cluster : undefined;
  return clusterName.safeParse(name).data;
}
