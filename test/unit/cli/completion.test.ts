import { expect, test } from 'vitest';
import { commandGroups } from '../../../src/cli/commands/index.js';
import { atCursor, type Expected } from '../../../src/cli/completion/at-cursor.js';
import { createProgram } from '../../../src/cli/program.js';
import { operations, updates } from '../../../src/contract/index.js';

async function wantedAt(...words: string[]): Promise<Expected> {
  return (await atCursor(createProgram({ exitCode: 0 }), words)).expected;
}

async function valuesAt(...words: string[]): Promise<string[]> {
  const wanted = await wantedAt(...words);
  return wanted.kind === 'words' ? wanted.words.map(({ value }) => value) : [`<${wanted.kind}>`];
}

test('the first word is a command, also after global options', async () => {
  const commands = commandGroups.flatMap(({ commands }) => commands.map(({ name }) => name));
  expect(await valuesAt('')).toEqual(commands);
  expect(await valuesAt('--json', '--address', 'host:7233', '')).toEqual(commands);
});

test.each([
  [['status', ''], '<any-operation>'],
  [['watch', ''], '<operation>'],
  [['give-up', ''], '<operation>'],
  [['scale-out', ''], '<cluster>'],
  [['scale-out', '--dry-run', '--add', '2', ''], '<cluster>'],
  [['scale-out', '--node', 'db3:5432', 'db4:5432', '--dry-run', ''], '<cluster>'],
  [['scale-out', '--add=2', ''], '<cluster>'],
  [['list', '--cluster', ''], '<cluster>'],
  [['list', '--cluster=s'], '<cluster>'],
  [['--config', ''], '<file>'],
  [['worker', '--config=./c'], '<file>'],
  [['init', '--password-file', ''], '<file>'],
])('%j wants %s', async (words, wanted) => {
  expect(await valuesAt(...words)).toEqual([wanted]);
});

test.each([
  [
    ['scale-out', 'shop', '--transfer-mode', ''],
    ['auto', 'force_logical', 'block_writes'],
  ],
  [
    ['scale-out', 'shop', '--transfer-mode=f'],
    ['auto', 'force_logical', 'block_writes'],
  ],
  [
    ['preflight', 'shop', '--for', ''],
    [
      'scale-out',
      'rebalance',
      'drain',
      'remove',
      'emergency-remove',
      'isolate',
      'replace',
      'salvage',
      'clean',
    ],
  ],
  [
    ['init', '--tls', ''],
    ['disable', 'prefer', 'require', 'verify-ca', 'verify-full'],
  ],
  [
    ['completion', ''],
    ['bash', 'zsh', 'fish'],
  ],
  [['scale-out', 'shop', ''], []],
  [['scale-out', 'shop', '--reason', '-'], []],
])('%j may be %j', async (words, values) => {
  expect(await valuesAt(...words)).toEqual(values);
});

test('a check that may be accepted is offered, others are not', async () => {
  const offered = await valuesAt('drain', 'shop', 'db3:5432', '--accept-check', '');
  expect(offered).toContain('target-disk');
  expect(offered).not.toContain('foreign-job');
  expect(await valuesAt('drain', 'shop', '--accept-check', 'role', '')).toEqual(offered);
});

test('every operation and update is offered as a command, with its options', async () => {
  const rows = [...Object.values(operations), ...Object.values(updates)];
  expect(await valuesAt('')).toEqual(expect.arrayContaining(rows.map(({ command }) => command)));
  for (const { command } of Object.values(updates)) expect(await valuesAt(command, '-')).toContain('--by');
  expect(await valuesAt('pause', '-')).toEqual(expect.arrayContaining(['--now', '--reason']));
});

test('options are those of the command and the global ones, without what was given', async () => {
  const options = await valuesAt('scale-out', 'shop', '--add', '2', '--node', 'a:1', '--json', '--');
  expect(options).toEqual(
    expect.arrayContaining(['--to', '--no-rebalance', '--dry-run', '--config', '--help']),
  );
  expect(options).toContain('--node');
  expect(options).not.toContain('--add');
  expect(options).not.toContain('--json');
  expect(await valuesAt('status', '-')).not.toContain('--dry-run');
});

test('nothing is an option after --', async () => {
  expect(await valuesAt('watch', '--', '-')).toEqual(['<operation>']);
});

test('global options before the cursor say where Temporal is', async () => {
  const { globals } = await atCursor(createProgram({ exitCode: 0 }), [
    ...['--address', 'far:7233', 'status', '--namespace=shops', ''],
  ]);
  expect(globals).toEqual({ address: 'far:7233', namespace: 'shops' });
});
