import { expect, test } from 'vitest';
import { endStatement } from '../../../src/citus/moving/jobs.js';

test.each([
  [{ kind: 'move', pid: 12, state: 'running' }, 'SELECT pg_cancel_backend(12)'],
  [{ kind: 'job', jobId: 7, state: 'running' }, 'SELECT citus_job_cancel(7)'],
  [{ kind: 'move', pid: 12, state: 'running', ours: true }, undefined],
] as const)('%o is ended by its own statement, one of ours by none', (work, statement) => {
  expect(endStatement({ ...work, description: '' })).toEqual(statement);
});

test('a job whose cancel Citus may have lost is ended by its process: another cancel would wait for ever', () => {
  const statement = endStatement({ kind: 'job', jobId: 7, state: 'cancelling', description: '' });
  expect(statement).toContain(`pg_cancel_backend(pid)`);
  expect(statement).toContain(`'Citus Background Task Queue Executor%(7/%'`);
});
