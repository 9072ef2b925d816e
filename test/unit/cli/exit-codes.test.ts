import { expect, test } from 'vitest';
import { ConfigError } from '../../../src/config/index.js';
import { errorTypes } from '../../../src/contract/index.js';
import {
  OperationCancelledError,
  OperationError,
  UnknownOperationError,
  UnreachableError,
} from '../../../src/client/errors.js';
import { exitCodeOf, exitCodeOfReport } from '../../../src/cli/exit-codes.js';
import { problemOf, UsageError } from '../../../src/cli/problem.js';
import { done } from './statuses.js';

const special: Record<string, number> = {
  InvalidInput: 2,
  UnknownCluster: 2,
  PreflightRefused: 3,
  ClusterBusy: 4,
  ForeignJobRunning: 4,
  PlanRejected: 6,
};

test.each(errorTypes)('%s', (type) => {
  expect(exitCodeOf(problemOf(new OperationError(type, 'x')).type)).toBe(special[type] ?? 1);
});

test.each([
  [new UsageError('x'), 2],
  [new ConfigError(['citus-scaler.yaml:3:5: x']), 2],
  [new UnknownOperationError('x'), 2],
  [new OperationCancelledError('x'), 6],
  [new UnreachableError('temporal', 'x'), 7],
  [new Error('x'), 1],
])('%s', (error, code) => expect(exitCodeOf(problemOf(error).type)).toBe(code));

test('a dry run with a blocker says no, with warnings only yes', () => {
  expect(exitCodeOfReport(done, true)).toBe(0);
  const blocked = {
    ...done,
    checks: [{ id: 'wal-level' as const, severity: 'blocker' as const, ok: false, evidence: 'x' }],
  };
  expect(exitCodeOfReport(blocked, true)).toBe(3);
  expect(exitCodeOfReport(blocked, false)).toBe(0);
});

test('an error that nobody foresaw shows no stack unless asked', () => {
  expect(problemOf(new TypeError('boom'))).toEqual({
    type: 'Unexpected',
    message: 'boom',
    details: { evidence: ['DEBUG=1 shows where this came from.'], remedies: [] },
  });
});
