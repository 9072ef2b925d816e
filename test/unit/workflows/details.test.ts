import { expect, test } from 'vitest';
import { does, type OperationStatus } from '../../../src/contract/index.js';
import { renderDetails } from '../../../src/workflows/operation/page/details.js';
import { awaiting, plan, rescue } from '../cli/statuses.js';

/** What a person reads on the page of an operation in the Temporal UI. */
const page = (of: Partial<OperationStatus>): string => renderDetails({ ...awaiting, ...of }, []);

test('whoever approves a removal reads which workers go, and what becomes of their machines', () => {
  const text = page({
    plan: { ...plan, newWorkers: [], removedWorkers: ['db3:5432', 'db4:5432'] },
    checks: [
      { id: 'machine', severity: 'info', ok: true, evidence: 'the machine of db3:5432 is stopped by ./stop' },
      { id: 'machine', severity: 'info', ok: true, evidence: 'the machine of db4:5432 goes on running' },
      { id: 'versions', severity: 'info', ok: true, evidence: 'all nodes: PostgreSQL 17' },
    ],
  });
  expect(text).toContain('- emptied and removed: db3:5432\n- emptied and removed: db4:5432');
  expect(text).toContain(
    '- the machine of db3:5432 is stopped by ./stop\n- the machine of db4:5432 goes on running',
  );
  expect(text).not.toContain('all nodes: PostgreSQL 17');
  expect(text).toContain('Send the update `approve`');
});

test('what is to be approved stands above the tables, and each check on lines of its own', () => {
  const long = `the first words ${'and so on '.repeat(100)}, and at last the server db9`;
  const text = page({
    checks: [
      {
        id: 'disk',
        severity: 'warning',
        ok: false,
        evidence: 'full:\n  db1\n  db2',
        remedy: { text: 'add some' },
      },
      { id: 'role', severity: 'warning', ok: false, evidence: long },
    ],
  });
  const [approval, checks, tables] = ['### Waiting for approval', '**Checks**', '| shard group |'].map(
    (each) => text.indexOf(each),
  );
  expect(approval).toBeGreaterThan(0);
  expect([approval, checks, tables]).toEqual(
    [approval, checks, tables].sort((a, b) => Number(a) - Number(b)),
  );
  expect(text).toContain(
    '2 stand out\n\n- warning `disk`: full: db1 db2\n    - add some\n- warning `role`: the first',
  );
  expect(text).toMatch(/the first words .* … .* the server db9$/m);
  // Else the page takes two lists for one.
  expect(text).toMatch(/the server db9\n\n\*\*Steps\*\*\n\n- /);
});

test('times of the maintenance windows are told by the clock of the config', () => {
  const window = { open: false, opensAt: '2026-11-24T21:00:00Z', timezone: 'Europe/Berlin' };
  expect(page({ window })).toContain('Maintenance window: closed, opens 2026-11-24 22:00 Europe/Berlin');
});

test('for how long writes wait stands with what is to be approved', () => {
  const text = page({ plan: { ...plan, longestStallSeconds: 2 } });
  expect(text.indexOf('Writes to a shard group are blocked for up to 2 s.')).toBeLessThan(
    text.indexOf('Send the update'),
  );
  expect(text).toContain('Writes to a shard group');
});

test('progress moves within a batch, as far as the batch has told, and never beyond the whole', () => {
  const moving: OperationStatus = {
    ...awaiting,
    state: 'running',
    progress: { basis: 'bytes', done: 1e9, total: 4e9, percent: 25, moving: [], movingTotal: 2 },
  };
  expect(renderDetails(moving, [])).toContain('Moved 1.0 GB of 4.0 GB (25 %), 2 at work');
  expect(renderDetails(moving, [], 1e9)).toContain('Moved 2.0 GB of 4.0 GB (50 %), 2 at work');
  expect(renderDetails(moving, [], 9e9)).toContain('Moved 4.0 GB of 4.0 GB (100 %), 2 at work');
});

test('a pause is named with who and why, whatever the state', () => {
  const paused = { by: 'ada@ops', reason: 'month-end run' };
  expect(page({ paused })).toContain('awaiting-approval (paused by ada@ops: month-end run)');
});

test('what a person can do is said in updates and workflows to start', () => {
  const text = page({
    state: 'needs-attention',
    attention: {
      problem: 'no disk',
      evidence: '',
      remedies: [
        { text: 'free some' },
        does('retry', 'then retry'),
        does('giveUp', 'or give up'),
        does('cancel', 'or cancel'),
        does('setParallelMoves', 'or make fewer moves at once', { n: 1 }),
        does('status', 'see what holds it', { operation: 'other' }),
        does('health', 'look at the cluster'),
        does('removeWorker', 'take it out', { nodes: ['db3:5432'] }),
      ],
    },
    checks: [
      {
        id: 'leftovers',
        severity: 'warning',
        ok: false,
        evidence: '3',
        remedy: does('cleanUp', 'remove them', { cluster: 'shop', dryRun: true }),
      },
    ],
  });
  for (const line of [
    '- free some',
    '- then retry: send the update `retry` with `{"by":"<you>"}`',
    '- or give up: send the update `giveUp` with `{"by":"<you>","reason":"<why>"}`',
    '- or cancel: request a cancellation',
    '- or make fewer moves at once: send the update `setParallelMoves` with `{"by":"<you>","n":1}`',
    '- see what holds it: see the workflow `other`',
    '- look at the cluster: start the workflow `inspect` with `{"what":"health","cluster":"shop"}`',
    '- take it out: start the workflow `removeWorker` with `{"cluster":"shop","nodes":["db3:5432"]}`',
    '- warning `leftovers`: 3',
    '    - remove them: start the workflow `cleanUp` with `{"cluster":"shop","dryRun":true}`',
  ])
    expect(text.split('\n')).toContain(line);
});

test('what to do stands before all that was seen', () => {
  const text = page({
    state: 'needs-attention',
    attention: { problem: 'no disk', evidence: 'db1: full\ndb2: full\n', remedies: [{ text: 'free some' }] },
  });
  expect(text).toContain(
    '### Needs attention: no disk\n\nWhat to do:\n\n- free some\n\nWhat was seen:\n\n- db1: full\n- db2: full',
  );
});

test('workers that come, are emptied or are put back in service are named', () => {
  const text = page({
    plan: {
      ...plan,
      newWorkers: ['new worker 1', 'db5:5432'],
      drainedWorkers: ['db3:5432'],
      restoredWorkers: ['db4:5432'],
    },
  });
  expect(text).toContain('- new worker 1\n- new: db5:5432\n- emptied: db3:5432\n- back in service: db4:5432');
});

test('what is lost with a dead worker stands once, by table, and its sentence can be copied', () => {
  const text = page({ plan: rescue(true) });
  expect(text).toContain('### Waiting for approval: take db3:5432 out, and give up what only it held');
  expect(text).toContain(
    '- ✗ no-shards: it holds the only copy of 2 shards\n- ▶ **give-up-data**, taken: made',
  );
  expect(text).toContain("| it's | 1 of 8 | about 610 | 120 kB | its other shards |");
  expect(text).toContain('| a\\|b | 1 of 1 | unknown | unknown | nobody |');
  expect(text.split('`lose what only db3:5432 of shop held: it\'s "all", loss 1`')).toHaveLength(2);
  expect(text).toContain('"backup": "<the newest backup of it>"}`');
  expect(page({ plan: rescue(false), state: 'done' })).toContain('no way out that is open and accepted');
});

test('what a salvage brings over is what is to be approved', () => {
  const tables = [
    { table: 'orders', shards: 2, shardsDone: 0, rows: 1_530, missing: 1_500, conflicts: 3 },
    { table: 'plans', shards: 1, shardsDone: 0, why: 'a reference table' },
  ];
  const salvage = { node: 'db3:5432', fenced: false, tables, tablesTotal: 2, missing: 1_500, conflicts: 3 };
  const text = page({ plan: { ...plan, salvage } });
  expect(text).toContain('### Waiting for approval: 1,500 rows of db3:5432 to bring over, 3 conflicts');
  expect(text).toContain('| orders | 1,530 | 1,500 | 3 |\n| plans |  |  | stays there: a reference table |');
  expect(text).not.toContain('0 moves');
});

test('statements and inputs stay as they are to be typed, however long', () => {
  const sentence = `lose ${'a_long_table, '.repeat(60)}loss 1`;
  const text = page({
    state: 'needs-attention',
    attention: {
      problem: 'p',
      evidence: '',
      remedies: [
        { text: `on the coordinator: ALTER SYSTEM SET x = 'y'; then retry` },
        does('emergencyRemoveWorker', 'give it up', { node: 'db3:5432', acceptDataLoss: sentence }),
      ],
    },
  });
  expect(text).toContain("- on the coordinator: `ALTER SYSTEM SET x = 'y';` then retry");
  expect(text).toContain(sentence);
});
