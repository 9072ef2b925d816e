import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { intentOf } from '../../../../src/activities/preflight/intent.js';
import { failed, passed, warning } from '../../../../src/activities/preflight/check.js';
import { applyAcceptance, easeFor } from '../../../../src/activities/preflight/severity.js';
import { conditionIds, conditionOf } from '../../../../src/citus/tables/conditions.js';
import { acceptableChecks, checkFacts, checkIds, consequences } from '../../../../src/contract/index.js';
import { windowFits } from '../../../../src/workflows/movement/windows.js';
import { canBePlanned } from '../../../../src/workflows/operation/checks.js';

const root = fileURLToPath(new URL('../../../../src', import.meta.url));

/** What makes a check is called with its id, or writes it as the field of that name. */
const made = /\b(passed|failed|unacceptable|warning)\(\s*'([a-z-]+)'|\bid: '([a-z-]+)'/g;

function sources(): string {
  return ['activities', 'planning', 'workflows']
    .flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
        .filter((name) => name.endsWith('.ts'))
        .map((name) => readFileSync(join(root, folder, name), 'utf8')),
    )
    .join('\n');
}

test('every check that is made has a row, and every row is made', () => {
  const found = [...sources().matchAll(made)].map(([, , called, field]) => called ?? field);
  const ofTables = conditionIds.map((id) => conditionOf(id).check);
  expect([...new Set([windowFits, ...ofTables, ...found])].sort()).toEqual([...checkIds].sort());
});

test('a check is told as a warning only where its row says that it blocks', () => {
  const warned = [...sources().matchAll(made)].flatMap(([, how, id]) => (how === 'warning' ? [id] : []));
  expect(warned.length).toBeGreaterThan(0);
  expect(warned.filter((id) => !checkIds.some((row) => row === id && blocksByRow(row)))).toEqual([]);
});

function blocksByRow(id: (typeof checkIds)[number]): boolean {
  return checkFacts(id).severity === 'blocker';
}

test('only what blocks, or asks for an approval, can be accepted; only what blocks can be essential, or matter less where nothing is moved or registered', () => {
  const rows = checkIds.map((id) => ({ id, ...checkFacts(id) }));
  const weighed = rows.filter(({ acceptable, essential, lessForCleaning, lessForTheDead }) =>
    [acceptable, essential, lessForCleaning, lessForTheDead].includes(true),
  );
  expect(weighed.filter(({ severity, asks }) => severity !== 'blocker' && asks !== true)).toEqual([]);
  expect(rows.filter(({ acceptable, essential }) => acceptable && essential)).toEqual([]);
  expect(acceptableChecks).toContain('target-disk');
  expect(consequences).toEqual(['blocked-writes', 'in-doubt-transactions', 'isolation', 'machine']);
});

test('a failed check weighs what its row says, and less where a row or a request says so', () => {
  expect(failed('nodes-active', '', '').severity).toBe('blocker');
  expect(failed('disk', '', '').severity).toBe('warning');
  expect(failed('empty-nodes', '', '').severity).toBe('info');
  expect(warning('leftovers', '', '').severity).toBe('warning');
  const node = 'db3:5432';
  for (const intent of [
    intentOf('cleanUp', {}),
    intentOf('isolateWorker', { node }),
    intentOf('emergencyRemoveWorker', { node }),
  ]) {
    expect(easeFor(intent, failed('nodes-active', '', '')).severity).toBe('warning');
    expect(easeFor(intent, failed('role', '', '')).severity).toBe('blocker');
  }
  expect(easeFor(intentOf('rebalance', {}), failed('nodes-active', '', '')).severity).toBe('blocker');
  expect(applyAcceptance([failed('role', 'x', '')], ['role'])[0]).toMatchObject({
    severity: 'warning',
    ok: false,
  });
});

test('without what is essential nothing is planned', () => {
  expect(canBePlanned([passed('is-coordinator', ''), failed('target-disk', '', '')])).toBe(true);
  expect(canBePlanned([failed('remaining-workers', '', '')])).toBe(false);
});
