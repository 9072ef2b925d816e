import { expect, test } from 'vitest';
import type { Balance, Check, CheckId, OperationReport } from '../../../src/contract/index.js';
import { fitChecks, fitReport } from '../../../src/planning/fit.js';

const check = (id: CheckId, ok: boolean): Check => ({
  id,
  severity: ok ? 'info' : 'blocker',
  ok,
  evidence: 'x'.repeat(200),
});

const balance = (workers: number): Balance => ({
  workers: Array.from({ length: workers }, (_, index) => ({
    node: `worker-${index}.db.internal:5432`,
    shards: 1_000,
    bytes: index * 1e9,
    shouldHaveShards: true,
    state: 'active',
  })),
  skew: 2,
  movableShards: workers * 1_000,
  pinnedShards: 0,
});

function report(workers: number): OperationReport {
  return {
    operation: 'shop/scaleOut/1',
    type: 'scaleOut',
    cluster: 'shop',
    state: 'done',
    steps: [],
    checks: [check('role', false), ...Array.from({ length: 60 }, () => check('pooler', true))],
    plan: {
      hash: 'abc',
      moves: Array.from({ length: 50 }, () => ({
        shardIds: [1, 2],
        tables: ['orders'],
        from: 'a:1',
        to: 'b:1',
        bytes: 1,
        mode: 'logical' as const,
      })),
      movesTotal: 5_000,
      bytes: 1,
      newWorkers: [],
      removedWorkers: [],
      before: balance(workers),
      after: balance(workers),
    },
    before: balance(workers),
    after: balance(workers),
    startedAt: '',
    endedAt: '',
    movedBytes: 1,
    movedShardGroups: 5_000,
    notes: ['first'],
  };
}

test('few checks stay as they are', () => {
  const checks = [check('role', false), check('pooler', true)];
  expect(fitChecks(checks)).toEqual(checks);
});

test('of very many checks the worst are kept and the others counted', () => {
  const checks = [check('role', false), ...Array.from({ length: 1_200 }, () => check('pooler', true))];
  const kept = fitChecks(checks);
  expect(kept[0]?.id).toBe('role');
  expect(kept.at(-1)).toMatchObject({
    id: 'more-checks',
    evidence: expect.stringMatching(/^11\d\d more/) as string,
  });
  expect(JSON.stringify(kept).length).toBeLessThan(21_000);
});

test('the report of a small cluster is whole', () => {
  expect(fitReport(report(4))).toEqual(report(4));
});

test.each([100, 200, 1_000])(
  'the report of %i workers fits into a payload and says what it lacks',
  (workers) => {
    const fitted = fitReport(report(workers));
    expect(JSON.stringify(fitted).length).toBeLessThan(64 * 1024);
    expect(fitted.notes).toHaveLength(2);
    expect(fitted.notes[1]).toMatch(/^left out/);
    expect(fitted.checks.map(({ id }) => id)).toContain('role');
    expect(fitted.after?.movableShards).toBe(workers * 1_000);
    expect(fitted.plan?.hash).toBe('abc');
  },
);
