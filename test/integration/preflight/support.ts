import { MockActivityEnvironment } from '@temporalio/testing';
import { expect } from 'vitest';
import type { Check } from '../../../src/contract/index.js';
import type { PreflightRequest } from '../../../src/activities/preflight.js';

/** Checks run as part of an activity: their sessions bear its workflow's name. */
export function asActivity<T>(work: () => Promise<T>): Promise<T> {
  return new MockActivityEnvironment().run(work);
}

export const request = (
  input: PreflightRequest['input'] = {},
  more: Partial<PreflightRequest> = {},
): PreflightRequest => ({ type: 'scaleOut', input, transferMode: 'auto', parallelMoves: 2, ...more });

/** The checks of that id; there is one at least. */
export function checksOf(checks: Check[], id: string): Check[] {
  const found = checks.filter((check) => check.id === id);
  expect(found, `a check ${id} among ${checks.map((check) => check.id).join(', ')}`).not.toEqual([]);
  return found;
}

export function checkOf(checks: Check[], id: string): Check {
  const [first] = checksOf(checks, id);
  if (!first) throw new Error(id);
  return first;
}

export const failing = (checks: Check[]): string[] =>
  checks.filter(({ ok }) => !ok).map(({ id, severity }) => `${severity} ${id}`);
