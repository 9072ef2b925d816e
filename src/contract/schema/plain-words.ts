import type { z } from 'zod';

/**
 * Says in plain words what a value may be: the `error` of `safeParse`. What a schema itself says of a mistake goes
 * before it.
 */
export function plainWords(issue: z.core.$ZodRawIssue): string | undefined {
  const allowed = whatItMayBe(issue);
  return allowed !== undefined && issue.input === undefined ? `required; ${allowed}` : allowed;
}

function whatItMayBe(issue: z.core.$ZodRawIssue): string | undefined {
  switch (issue.code) {
    case 'invalid_type':
      return `must be ${typeNames[issue.expected] ?? issue.expected}`;
    case 'invalid_value':
      return `must be one of ${issue.values.map((value) => String(value)).join(', ')}`;
    case 'too_small':
      return leastOf(issue);
    case 'too_big':
      return mostOf(issue);
    default:
      return undefined;
  }
}

function leastOf({
  origin,
  minimum,
  inclusive = true,
}: z.core.$ZodRawIssue<z.core.$ZodIssueTooSmall>): string {
  if (origin === 'string')
    return minimum === 1 ? 'must not be empty' : `must have at least ${minimum} characters`;
  if (origin === 'array') return minimum === 1 ? 'must name at least one' : `must name at least ${minimum}`;
  return inclusive ? `must be at least ${minimum}` : `must be above ${minimum}`;
}

function mostOf({ origin, maximum, inclusive = true }: z.core.$ZodRawIssue<z.core.$ZodIssueTooBig>): string {
  if (origin === 'string') return `must have at most ${maximum} characters`;
  if (origin === 'array') return `must name at most ${maximum}`;
  return inclusive ? `must be at most ${maximum}` : `must be below ${maximum}`;
}

const typeNames: Record<string, string> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  object: 'a mapping of fields',
  record: 'a mapping of names',
  array: 'a list',
};
