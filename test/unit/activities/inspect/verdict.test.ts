import { expect, test } from 'vitest';
import { verdictOf } from '../../../../src/activities/inspect/health-checks.js';
import { blocker, noted, passed, warning } from '../../../../src/activities/preflight/check.js';

test.each([
  ['good', [passed('disk', ''), noted('empty-nodes', '', '')]],
  ['attention', [noted('empty-nodes', '', ''), warning('disk', '', '')]],
  ['bad', [warning('disk', '', ''), blocker('nodes-active', '', '')]],
])('the verdict is %s by the worst that stands out', (verdict, checks) => {
  expect(verdictOf(checks)).toBe(verdict);
});
