import type { z } from 'zod';
import type { InputProblem } from '../input-problem.js';

/** The mistakes in an input, a field each. Repeats no value: it may be a secret. */
export function problemsIn(error: z.ZodError): InputProblem[] {
  return error.issues.flatMap(problemsOf);
}

function problemsOf(issue: z.core.$ZodIssue): InputProblem[] {
  const path = issue.path.map(String);
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => ({
      field: [...path, key].join('.'),
      text: `unknown field; ${issue.message}`,
    }));
  return [{ field: path.join('.') || 'input', ...othersOf(issue), text: issue.message }];
}

/** Given by `superRefine` where fields are wrong together. */
function othersOf(issue: z.core.$ZodIssue): Pick<InputProblem, 'with'> {
  const others: unknown = issue.code === 'custom' ? issue.params?.['with'] : undefined;
  return Array.isArray(others) ? { with: others.map(String) } : {};
}
