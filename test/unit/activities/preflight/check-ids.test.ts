import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { acceptableChecks, checkIds } from '../../../../src/activities/preflight/ids.js';
import { windowFits } from '../../../../src/workflows/movement/windows.js';

const root = fileURLToPath(new URL('../../../../src', import.meta.url));

/** What makes a check is called with its id, or writes it as the field of that name. */
const made = /\b(?:passed|blocker|warning|noted)\(\s*'([a-z-]+)'|\bid: '([a-z-]+)'/g;

function emitted(): Set<string> {
  const files = ['activities', 'planning', 'workflows'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => readFileSync(join(root, folder, name), 'utf8')),
  );
  const ids = files.flatMap((text) => [...text.matchAll(made)].map(([, called, field]) => called ?? field));
  return new Set([windowFits, ...ids.flatMap((id) => id ?? [])]);
}

test('every check that is made is known, and every one that is known is made', () => {
  expect([...emitted()].sort()).toEqual([...checkIds].sort());
  expect(new Set(checkIds).size).toBe(checkIds.length);
  expect(acceptableChecks.every((id) => checkIds.includes(id))).toBe(true);
});
