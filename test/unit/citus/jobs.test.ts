import { expect, test } from 'vitest';
import { howToEnd } from '../../../src/citus/moving/jobs.js';

test.each([
  [{ kind: 'move', id: 'pid 12', state: 'running' }, 'SELECT pg_cancel_backend(12)'],
  [{ kind: 'job', id: '7', state: 'running' }, 'SELECT citus_job_cancel(7)'],
  [
    { kind: 'move', id: 'pid 12', state: 'running', ours: true },
    expect.stringContaining('citus-scaler cancel OPERATION'),
  ],
] as const)('%o is ended by its own statement', (work, statement) => {
  expect(howToEnd({ ...work, description: '' })).toEqual(statement);
});

test('a job whose cancel Citus may have lost is ended by its process: another cancel would wait for ever', () => {
  const statement = howToEnd({ kind: 'job', id: '7', state: 'cancelling', description: '' });
  expect(statement).toContain(`pg_cancel_backend(pid)`);
  expect(statement).toContain(`'Citus Background Task Queue Executor%(7/%'`);
});
