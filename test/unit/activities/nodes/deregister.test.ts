import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { awaitLeave } from '../../../../src/activities/nodes/deregister.js';
import type { Db } from '../../../../src/citus/session/db.js';

beforeEach(() => vi.useFakeTimers({ toFake: ['Date'] }));
afterEach(() => vi.useRealTimers());

test('one attempt waits for a time, not for a number of calls: each may wait a second a shard', async () => {
  let cleaned = 0;
  const slow: Db = {
    node: 'db0:5432',
    backendPid: 1,
    warnings: [],
    query: <Row>(text: string) => {
      if (text.startsWith('call')) {
        cleaned += 1;
        vi.setSystemTime(Date.now() + 30_000);
      }
      return Promise.resolve(text.includes('pg_dist_cleanup') ? ([{ n: 1 }] as Row[]) : []);
    },
  };
  await expect(awaitLeave(slow, { node: 'db3:5432', groupId: 3 }, Date.now())).rejects.toMatchObject({
    type: 'Passing',
    message: expect.stringContaining('leftovers on db3:5432') as string,
  });
  expect(cleaned).toBe(3);
});
