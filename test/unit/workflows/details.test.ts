import { expect, test } from 'vitest';
import type { OperationStatus } from '../../../src/contract/index.js';
import { renderDetails } from '../../../src/workflows/operation/details.js';
import { awaiting, plan } from '../cli/statuses.js';

/** What a person reads on the page of an operation in the Temporal UI. */
const page = (of: Partial<OperationStatus>): string =>
  renderDetails({ status: { ...awaiting, ...of }, notes: [] });

test('whoever approves a removal reads which workers go, and what becomes of their machines', () => {
  const text = page({
    plan: { ...plan, newWorkers: [], removedWorkers: ['db3:5432', 'db4:5432'] },
    checks: [
      { id: 'machine', severity: 'info', ok: true, evidence: 'the machine of db3:5432 is stopped by ./stop' },
      { id: 'machine', severity: 'info', ok: true, evidence: 'the machine of db4:5432 goes on running' },
      { id: 'versions', severity: 'info', ok: true, evidence: 'all nodes: PostgreSQL 17' },
    ],
  });
  expect(text).toContain('- emptied and removed: db3:5432\n- emptied and removed: db4:5432');
  expect(text).toContain(
    '- the machine of db3:5432 is stopped by ./stop\n- the machine of db4:5432 goes on running',
  );
  expect(text).not.toContain('all nodes: PostgreSQL 17');
  expect(text).toContain('send the update `approve`');
});

test('a pause is named with who and why, whatever the state', () => {
  const paused = { by: 'ada@ops', reason: 'month-end run' };
  expect(page({ paused })).toContain('awaiting-approval (paused by ada@ops: month-end run)');
});

test('workers that come, are emptied or are put back in service are named', () => {
  const text = page({
    plan: { ...plan, newWorkers: ['db5:5432'], drainedWorkers: ['db3:5432'], restoredWorkers: ['db4:5432'] },
  });
  expect(text).toContain('- new: db5:5432\n- emptied: db3:5432\n- back in service: db4:5432');
});
