import pc from 'picocolors';
import { describe, expect, test } from 'vitest';
import {
  operationStates,
  shardMark,
  type Balance,
  type OperationStatus,
} from '../../../src/contract/index.js';
import { cancelOutlook } from '../../../src/cli/cancel-outlook.js';
import { changes } from '../../../src/cli/render/changes.js';
import { bytes, duration } from '../../../src/cli/render/figures.js';
import { renderList } from '../../../src/cli/render/list.js';
import { renderProblem } from '../../../src/cli/render/problem.js';
import { renderReport } from '../../../src/cli/render/report.js';
import { shortNames } from '../../../src/cli/render/node-names.js';
import { fitted } from '../../../src/cli/render/room.js';
import { renderStatus } from '../../../src/cli/render/status.js';
import { wrap } from '../../../src/cli/render/text.js';
import { attention, awaiting, balance, done, failed, plan, running } from './statuses.js';

const plain = pc.createColors(false);
const now = Date.parse('2026-11-24T01:49:00Z');
const status = (of: OperationStatus): string => renderStatus(of, plain, 80, now);

function expectToFit(text: string): void {
  expect(text).not.toContain('\u001b');
  expect(text.split('\n').filter((line) => line.length > 80)).toEqual([]);
}

describe('a status fits 80 columns and has no colour when there is none', () => {
  test.each(operationStates)('%s', (state) => expectToFit(status({ ...running, state })));
  test.each([
    ['awaiting approval', awaiting],
    ['needs attention', attention],
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
    expect(text).toContain('largest over mean: 1.57 → 1.04');
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

  test('what a person has to do', () => {
    const text = status(attention);
    expect(text).toContain('! no pg_hba.conf entry');
    expect(text).toContain('→ check the user and its password');
    expect(text).toContain('citus-scaler retry shop/scaleOut/20261124T014459Z-c0c6');
  });
});

describe('a terminal of 80 x 24', () => {
  const node = (n: number): string => `worker-${n}.shop.internal.example.com:5432`;
  const moving = Array.from({ length: 20 }, (_, index) => ({
    from: node(1),
    to: node(index + 2),
    tables: [`public.measurements_of_devices_${index}`],
    phase: 'Setting Up',
    attempt: 1,
    ...(index > 10 && {
      message: `waits for a transaction of process 4711 on ${node(1)}, open since 2026-11-24T01:00:00Z`,
    }),
  }));
  const many: OperationStatus = {
    ...running,
    plan: {
      ...plan,
      before: balance(Array<number>(30).fill(40e9), 1),
      after: balance(Array<number>(30).fill(20e9), 1),
    },
    progress: { basis: 'bytes', done: 1e9, total: 9e9, percent: 11, moving, movingTotal: 64 },
    url: `https://temporal.shop.internal/namespaces/default/workflows/${'x'.repeat(60)}`,
  };
  const live = (of: OperationStatus, rows = 24): string =>
    fitted((room) => renderStatus(of, plain, 80, now, room), { columns: 80, rows });

  test.each([
    ['a movement of many nodes and moves', many],
    ['one that is paused', { ...many, state: 'paused' as const }],
    [
      'one that needs attention',
      {
        ...many,
        state: 'needs-attention' as const,
        attention: { problem: 'no disk', evidence: 'on a node\n'.repeat(12), remedies: ['free some'] },
      },
    ],
  ])('holds %s, the rest counted', (_, of) => {
    const text = live(of);
    expectToFit(text);
    expect(text.split('\n').length).toBeLessThanOrEqual(24);
    expect(text).toMatch(/and \d+ more nodes/);
    expect(text).toMatch(/and 6\d more moves at work/);
    expect(text).toContain('● Move shards');
    expect(text).toContain('11%  1.0 GB of 9.0 GB');
  });

  test('shows first the moves that have something to say, and says it once', () => {
    const text = live(many);
    expect(text.match(/waits for a transaction/g)).toHaveLength(1);
    expect(text).toMatch(/measurements.*worker-1 +→ worker-13/);
  });

  test('does not say below a move what needs attention anyway', () => {
    const problem = moving.at(-1)?.message ?? '';
    const stalled = {
      ...many,
      state: 'needs-attention' as const,
      attention: { problem, evidence: '', remedies: [] },
    };
    expect(live(stalled).match(/waits for a/g)).toHaveLength(1);
  });

  test('keeps the lines of the maintenance window and of the load', () => {
    const text = live({
      ...many,
      window: { open: true, closesAt: '2026-11-24T03:00:00Z' },
      governor: {
        parallelMoves: 2,
        ceiling: 4,
        reason: 'as many as the load allows',
        figures: [],
        changes: [],
      },
    });
    expect(text).toContain('The maintenance window closes');
    expect(text).toContain('Up to 2 of 4 moves at once');
    expect(text.split('\n').length).toBeLessThanOrEqual(24);
  });

  test.each([4, 8, 12])('even of %d lines', (rows) => {
    expect(live(many, rows).split('\n').length).toBeLessThanOrEqual(rows);
  });

  test('shows shards where no bytes are known', () => {
    const shards = (n: number): Balance => ({
      ...balance([0, 0], 1),
      workers: balance([0, 0], 1).workers.map((worker) => ({ ...worker, shards: n })),
    });
    const text = live({ ...many, plan: { ...plan, before: shards(8), after: shards(4) } });
    expect(text).toMatch(/worker-1.*8 shards → 4 shards/);
  });
});

describe('names that stand close together', () => {
  test.each([
    [
      ['a.shop.internal:5432', 'b.shop.internal:5432'],
      ['a', 'b'],
    ],
    [
      ['a.shop.internal:5432', 'a.shop.internal:5433'],
      ['a.shop.internal:5432', 'a.shop.internal:5433'],
    ],
    [
      ['10.1.0.1:5432', '10.2.0.1:5432'],
      ['10.1.0.1', '10.2.0.1'],
    ],
    [
      ['127.0.0.1:5432', '127.0.0.1:5433'],
      ['127.0.0.1:5432', '127.0.0.1:5433'],
    ],
    [['a:1'], ['a:1']],
  ])('%j', (nodes, short) => expect(nodes.map(shortNames(nodes))).toEqual(short));
});

describe('a report', () => {
  test('says what came of it', () => {
    const text = renderReport(done, plain, 80);
    expectToFit(text);
    expect(text).toContain('24 shard groups moved, 29 GB, in 17 min 11 s.');
    expect(text).toContain('· wal_retrieve_retry_interval was lowered');
  });

  test('of a dry run shows the plan and says that nothing was changed', () => {
    const { after: _, progress: __, ...dry } = done;
    const text = renderReport(dry, plain, 80);
    expectToFit(text);
    expect(text).toContain('Plan 57a1f6728c9efd8a');
    expect(text).toContain('Dry run: nothing was changed.');
    expect(text).not.toContain('Start new workers');
  });
});

test('progress without a terminal is a line a change', () => {
  expect(changes(undefined, awaiting)).toEqual([
    '✓ Check the cluster (1 s)',
    '✓ Plan (1 s): 24 moves, 1 new worker',
    '– Start new workers: nothing to start',
    '● Move shards',
    'plan 57a1f6728c9efd8a: 24 moves, 29 GB',
    'awaiting approval',
  ]);
  expect(changes(running, running)).toEqual([]);
  const further = {
    ...running,
    progress: { ...running.progress, done: 9_100_000_000, percent: 38 },
  } as OperationStatus;
  expect(changes(running, further)).toEqual([]);
  const more = { ...further, progress: { ...further.progress, percent: 41 } } as OperationStatus;
  expect(changes(further, more)).toEqual(['41%  9.1 GB of 29 GB  45 MB/s  about 7 min 20 s left']);
  expect(changes(running, attention)[0]).toMatch(/^needs attention: no pg_hba/);
});

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
  expect(renderList([], false, plain, 80, now)).toContain('No open operations.');
});

test('a problem is a sentence, evidence that adds to it, and remedies', () => {
  const text = renderProblem(
    {
      type: 'PreflightRefused',
      message: 'shop is not ready: disk is full',
      details: { evidence: ['disk is full', '3 MB free on db1:5432'], remedies: ['free some'] },
    },
    plain,
    80,
  );
  expect(text).toBe('✗ shop is not ready: disk is full\n  3 MB free on db1:5432\n  → free some');
});

const { progress: _moves, ...still } = running;
const removing: OperationStatus = {
  ...still,
  type: 'removeWorker',
  steps: [{ name: 'Remove db3:5432', state: 'running' }],
  borrowed: [{ node: 'db3:5432', name: shardMark, before: 'true', raised: 'false' }],
};

describe('what a cancel would do', () => {
  test.each([
    [awaiting, 'nothing was changed yet'],
    [
      { ...running, borrowed: [{ node: 'a:1', name: 'x', before: null, raised: '1' }] },
      'stops 1 running move, leaves what was moved where it is, gives back the borrowed settings',
    ],
    [done, 'done already'],
    [
      { ...running, cancel: { requestedAt: '', refused: 'past the point of no return' } },
      'past the point of no return',
    ],
    [removing, 'A cancel leaves what was moved where it is, marks the nodes as they were'],
    [
      {
        ...removing,
        pointOfNoReturn: { why: 'db3:5432 is being removed, which can’t be undone', last: true },
      },
      'would be refused: db3:5432 is being removed, which can’t be undone.',
    ],
    [
      {
        ...removing,
        state: 'needs-attention',
        pointOfNoReturn: { why: 'db3:5432 is being removed', last: true },
      },
      'would be refused: db3:5432 is being removed; give-up ends it as it is.',
    ],
    [
      { ...removing, pointOfNoReturn: { why: 'db3:5432 is being removed', last: false } },
      'waits until this is done: db3:5432 is being removed, leaves what was moved where it is, marks the other nodes as they were',
    ],
    [
      {
        ...removing,
        steps: [
          { name: 'Remove db3:5432', state: 'done' },
          { name: 'Remove db4:5432', state: 'running' },
        ],
      },
      'leaves out what was removed (db3:5432), leaves what was moved where it is, marks the other nodes',
    ],
  ] satisfies [OperationStatus, string][])('%#', (of, says) => expect(cancelOutlook(of)).toContain(says));
});

test.each([
  [0.04, '0 s'],
  [1.26, '1.3 s'],
  [59.6, '1 min'],
  [65, '1 min 5 s'],
  [3_600, '1 h'],
  [7_900, '2 h 11 min'],
  [100_000, '1 d 3 h'],
])('%d s reads %s', (seconds, text) => expect(duration(seconds)).toBe(text));

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [1_200, '1.2 kB'],
  [41_700_000, '42 MB'],
  [1_260_000_000, '1.3 GB'],
])('%d bytes read %s', (value, text) => expect(bytes(value)).toBe(text));

test('wrapping keeps alignment and indents what follows', () => {
  expect(wrap('  ✓ id      one two three', 18, 12)).toBe(
    '  ✓ id      one\n            two\n            three',
  );
});
