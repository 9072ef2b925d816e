import pc from 'picocolors';
import { describe, expect, test } from 'vitest';
import { operationStates, type OperationStatus } from '../../../../src/contract/index.js';
import { changes } from '../../../../src/cli/render/changes.js';
import { renderReport } from '../../../../src/cli/render/report.js';
import { renderStatus } from '../../../../src/cli/render/status.js';
import { attention, awaiting, done, failed, paused, plan, running } from '../statuses.js';
import { expectToFit } from './expect-to-fit.js';

const plain = pc.createColors(false);
const now = Date.parse('2026-11-24T01:49:00Z');
const status = (of: OperationStatus): string => renderStatus(of, plain, 80, now);

describe('a status fits 80 columns and has no colour when there is none', () => {
  test.each(operationStates)('%s', (state) => expectToFit(status({ ...running, state })));
  test.each([
    ['awaiting approval', awaiting],
    ['needs attention', attention],
    ['paused', paused],
    ['failed', failed],
    ['done', done],
  ])('with all that belongs to %s', (_, of) => expectToFit(status(of)));
});

describe('a status says', () => {
  test('how far it is, how fast, and what moves', () => {
    const text = status(running);
    expect(text).toContain('31%  9.0 GB of 29 GB  45 MB/s  about 7 min 20 s left');
    expect(text).toMatch(/public.order_l…\S+ \+1 +worker-1 → worker-3 +copying data 50% \(try 2\)/);
    expect(text).toMatch(/● Move shards +3 min 58 s/);
    expect(text).toMatch(/worker-1.*█+▓+ .*GB → 28 GB/);
    expect(text).toMatch(/worker-3.*█+░+ .*GB → 27 GB/);
  });

  test('what is to be approved, and what stands out', () => {
    const text = status(awaiting);
    expect(text).toContain('Plan 57a1f6728c9efd8a');
    expect(text).toContain('24 moves, 29 GB, about 10 min 40 s to 31 min 40 s');
    expect(text).toContain('the fullest worker holds 1.57 → 1.04 times the mean');
    expect(text).toContain('and 16 more moves');
    expect(text).toContain('! target-disk');
    expect(text).not.toContain('wal-level');
    expect(text).toContain('citus-scaler approve shop/scaleOut/20261124T014459Z-c0c6');
  });

  test('which workers a plan takes, empties and puts back, and what becomes of machines', () => {
    const machine = {
      id: 'machine',
      severity: 'info',
      ok: true,
      evidence: 'db4:5432 goes on running',
    } as const;
    const text = status({
      ...awaiting,
      plan: {
        ...plan,
        newWorkers: [],
        removedWorkers: ['db4:5432'],
        drainedWorkers: ['db5:5432', 'db6:5432'],
        restoredWorkers: ['db7:5432'],
      },
      checks: [machine],
    });
    expect(text).toContain('  - db4:5432\n  emptied: db5:5432, db6:5432\n  back in service: db7:5432\n');
    expect(text).toContain('db4:5432 goes on running');
  });

  test('when it may move, and what the other moves wait for', () => {
    const window = { open: false, opensAt: '2026-11-24T21:00:00.000Z' };
    const waitingFor = 'the maintenance window, which opens 2026-11-24T21:00:00.000Z';
    const progress = { basis: 'moves' as const, done: 1, total: 3, percent: 33, moving: [], movingTotal: 0 };
    const text = status({
      ...running,
      state: 'waiting-for-window',
      window,
      progress: { ...progress, waitingFor },
    });
    expectToFit(text);
    expect(text).toContain('The maintenance window opens 2026-11-24 21:00 UTC, in 19 h 11 min');
    expect(text).toContain('citus-scaler ignore-window shop/scaleOut/20261124T014459Z-c0c6');
    expect(text.replace(/\s+/g, ' ')).toContain(`the others wait for ${waitingFor}`);
    const dry = renderReport((({ after: _, ...rest }) => ({ ...rest, window }))(done), plain, 80);
    expect(dry).toContain('The maintenance window opens 2026-11-24 21:00 UTC');
    const lines = changes(running, { ...running, state: 'waiting-for-window', window });
    expect(lines).toContain('waiting for window, which opens 2026-11-24 21:00 UTC');
  });

  test.each([paused, { ...awaiting, paused: { by: 'ada@ops', reason: 'month-end run' } }])(
    'who paused it and why',
    (of) => {
      const text = status(of);
      expect(text).toContain('Paused by ada@ops: month-end run');
      expect(text).toContain('citus-scaler resume shop/scaleOut/20261124T014459Z-c0c6');
    },
  );

  test('what a person has to do', () => {
    const text = status(attention);
    expect(text).toContain('! no pg_hba.conf entry');
    expect(text).toContain('→ check the user and its password');
    expect(text).toContain('citus-scaler retry shop/scaleOut/20261124T014459Z-c0c6');
  });
});
