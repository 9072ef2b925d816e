import pc from 'picocolors';
import { expect, test } from 'vitest';
import type { OperationRow } from '../../../../src/client/index.js';
import { renderList } from '../../../../src/cli/render/list.js';
import { running } from '../statuses.js';
import { expectToFit } from './expect-to-fit.js';

const plain = pc.createColors(false);
const now = Date.parse('2026-11-24T01:49:00Z');

test('a list shows what was asked for, and who is waited for', () => {
  const rows = [
    {
      operation: running.operation,
      type: running.type,
      cluster: 'shop',
      state: 'awaiting-approval' as const,
      startedAt: '2026-11-24T01:44:59Z',
      summary:
        'Scale out shop by worker-3.shop.internal.example.com:5432, worker-4.shop.internal.example.com:5432',
      attention: 'waits for approval',
    },
  ];
  const text = renderList(rows, false, plain, 80, now);
  expectToFit(text);
  expect(text).toMatch(/^awaiting approval {2}Scale out.*… {2}2026-11-24 01:44 UTC {2}for 4 min 1 s$/m);
  expect(text).toContain('! waits for approval');
  const torn = { ...rows[0], attention: 'could not connect:\n\tIs the server running?' } as OperationRow;
  expect(renderList([torn], false, plain, 80, now)).toContain('! could not connect: Is the server running?');
  expect(renderList([], false, plain, 80, now)).toContain('No open operations.');
});
