import { Command, CommanderError } from 'commander';
import { describe, expect, test } from 'vitest';
import {
  addScaleOutOptions,
  scaleOutInput,
  type ScaleOutOptions,
} from '../../../src/cli/commands/scale-out.js';
import { commandGroups } from '../../../src/cli/commands/index.js';
import { createProgram } from '../../../src/cli/program.js';
import { scaleOutInput as schema } from '../../../src/contract/schema/inputs.js';

function inputOf(...argv: string[]): object {
  const command = addScaleOutOptions(
    new Command('scale-out').exitOverride().configureOutput({ writeErr: () => undefined }),
  );
  command.parse(argv, { from: 'user' });
  const [cluster = ''] = command.args;
  const { requestedBy, ...input } = scaleOutInput(cluster, command.opts<ScaleOutOptions>());
  expect(requestedBy).toMatch(/@/);
  return input;
}

describe('scale-out', () => {
  test.each([
    [['shop', '--add', '2'], { add: 2 }],
    [['shop', '--to', '5', '--no-rebalance'], { to: 5, rebalance: false }],
    [['shop', '--node', 'db3:5432', 'db4:5432'], { nodes: ['db3:5432', 'db4:5432'] }],
    [['shop', '--node', 'db3:5432', '--node', 'db4:5432'], { nodes: ['db3:5432', 'db4:5432'] }],
    [['shop', '--add', '1', '--yes', '--dry-run'], { add: 1, approval: 'auto', dryRun: true }],
    [
      ['shop', '--add', '1', '--transfer-mode', 'block_writes', '--parallel-moves', '8'],
      { add: 1, transferMode: 'block_writes', parallelMoves: 8 },
    ],
    [
      ['shop', '--add', '1', '--ignore-window', '--reason', 'now'],
      { add: 1, window: 'ignore', reason: 'now' },
    ],
    [['shop', '--add', '1', '--wait-if-busy'], { add: 1, ifBusy: 'wait' }],
    [
      ['shop', '--add', '1', '--accept-check', 'target-disk', 'leftovers', '--reason', 'x'],
      { add: 1, acceptChecks: ['target-disk', 'leftovers'], reason: 'x' },
    ],
    [['shop', '--add', '1', '--method', 'move'], { add: 1, method: 'move' }],
  ])('%s', (argv, wanted) => {
    const input = inputOf(...argv);
    expect(input).toEqual({ cluster: 'shop', ...wanted });
    expect(schema.safeParse(input).success).toBe(true);
  });

  test('a number that is none is a mistake of usage', () => {
    expect(() => inputOf('shop', '--add', 'two')).toThrow(/It must be a whole number/);
  });
});

async function codeOf(...argv: string[]): Promise<string> {
  const program = createProgram({ exitCode: 0 });
  for (const command of [program, ...program.commands])
    command.configureOutput({ writeOut: () => undefined, writeErr: () => undefined });
  try {
    await program.parseAsync(argv, { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) return error.code;
    throw error;
  }
  return 'ran';
}

describe('the command line', () => {
  test.each([
    [['scale-out', 'shop', '--bogus'], 'commander.unknownOption'],
    [['scale-out'], 'commander.missingArgument'],
    [['scale-out', 'shop', 'extra'], 'commander.excessArguments'],
    [['bogus'], 'commander.unknownCommand'],
    [['reject', 'shop'], 'commander.missingMandatoryOptionValue'],
  ])('%s is refused', async (argv, code) => {
    expect(await codeOf(...argv)).toBe(code);
  });

  test.each(commandGroups.flatMap(({ commands }) => commands.map(({ name }) => name)))(
    '%s --help ends with an example',
    async (name) => {
      const program = createProgram({ exitCode: 0 });
      let said = '';
      for (const command of [program, ...program.commands])
        command.configureOutput({ writeOut: (text) => (said += text) });
      await expect(program.parseAsync([name, '--help'], { from: 'user' })).rejects.toThrow();
      expect(said).toMatch(new RegExp(`Examples?:\\n(  citus-scaler ${name}.*\\n)+$`));
      expect(said.split('\n').filter((line) => line.length > 80)).toEqual([]);
    },
  );
});
