import { isDeepStrictEqual } from 'node:util';
import type { z } from 'zod';
import {
  clusterIn,
  problemLine,
  type InspectInput,
  type OperationInputs,
  type OperationType,
} from '../../contract/index.js';
import { inspectInput, operationInputs } from '../../contract/schema/inputs.js';
import { problemsIn } from '../../contract/schema/problems.js';
import { plainWords } from '../../contract/schema/plain-words.js';
import { OperationError } from '../errors.js';

/** The input, checked and in its one spelling (hosts in lower case), or an `InvalidInput` that names every problem. */
export function checkInput<Type extends OperationType>(
  type: Type,
  input: OperationInputs[Type],
): OperationInputs[Type] {
  const schemas: { [Each in OperationType]: z.ZodType<OperationInputs[Each]> } = operationInputs;
  return parse(schemas[type], type, input, 'start again; nothing was started');
}

/**
 * The input of `inspect`, checked.
 * @throws OperationError `InvalidInput` that names every problem
 */
export function checkInspectInput(input: InspectInput): InspectInput {
  return parse(inspectInput, 'inspect', input, 'ask again');
}

function parse<T>(schema: z.ZodType<T>, type: string, input: unknown, then: string): T {
  const result = schema.safeParse(withoutUndefined(input), { error: plainWords });
  if (result.success) return result.data;
  const problems = problemsIn(result.error);
  const lines = problems.map(problemLine);
  const cluster = clusterIn(input);
  throw new OperationError('InvalidInput', `The input of ${type} is not valid: ${lines.join('; ')}.`, {
    ...(cluster !== undefined && { cluster }),
    evidence: lines,
    remedies: [`correct what is named and ${then}`],
    problems,
  });
}

function withoutUndefined(input: unknown): unknown {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) return input;
  return Object.fromEntries(Object.entries(input).filter(([, value]) => value !== undefined));
}

/** Whether two inputs ask for the same: equal after checking, whatever the order of their fields. */
export function sameInput(type: OperationType, one: unknown, other: unknown): boolean {
  return isDeepStrictEqual(normal(type, one), normal(type, other));
}

function normal(type: OperationType, input: unknown): unknown {
  const result = operationInputs[type].safeParse(withoutUndefined(input));
  return result.success ? result.data : input;
}
