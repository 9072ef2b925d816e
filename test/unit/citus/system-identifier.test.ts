import { expect, test } from 'vitest';
import { readSystemIdentifier } from '../../../src/citus/nodes/server-facts.js';
import type { Db } from '../../../src/citus/session/connect.js';

function failing(code: string): Db {
  return { query: () => Promise.reject(Object.assign(new Error('no'), { code })) } as unknown as Db;
}

test('only a role that may not ask has no identifier: another lock would stand beside the right one', async () => {
  expect(await readSystemIdentifier(failing('42501'))).toBeNull();
  for (const code of ['57P01', 'ECONNRESET', '57014'])
    await expect(readSystemIdentifier(failing(code))).rejects.toMatchObject({ code });
});
