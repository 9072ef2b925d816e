import { expect, test } from 'vitest';
import { verdictOf } from '../../../../src/activities/inspect/health-checks.js';
import { failed, passed } from '../../../../src/activities/preflight/check.js';

test.each([
  ['good', [passed('disk', ''), failed('empty-nodes', '', '')]],
  ['attention', [failed('empty-nodes', '', ''), failed('disk', '', '')]],
  ['bad', [failed('disk', '', ''), failed('nodes-active', '', '')]],
])('the verdict is %s by the worst that stands out', (verdict, checks) => {
  expect(verdictOf(checks)).toBe(verdict);
});
