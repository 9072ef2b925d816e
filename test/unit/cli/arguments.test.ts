import { CommanderError } from 'commander';
import { fileURLToPath } from 'node:url';
import { describe, expect, test, vi } from 'vitest';
import { commandGroups } from '../../../src/cli/commands/index.js';
import { createProgram } from '../../../src/cli/program.js';

test('a config that is named and not there is a mistake, also where only the worker would read it', async () => {
  const run = createProgram({ exitCode: 0 }).parseAsync(['list', '--config', '/no/such.yaml'], {
    from: 'user',
  });
  await expect(run).rejects.toMatchObject({
    type: 'Usage',
    message: expect.stringContaining('/no/such.yaml') as string,
  });
});

test('a config that is named where only the worker would read it is said to do nothing', async () => {
  const said = vi.spyOn(process.stderr, 'write').mockImplementation(() => true);
  const file = fileURLToPath(import.meta.url);
  const argv = ['list', '--config', file, '--profile', 'no-such'];
  await createProgram({ exitCode: 0 })
    .parseAsync(argv, { from: 'user' })
    .catch(() => undefined);
  expect(said).toHaveBeenCalledWith(
    expect.stringMatching(/^--config does nothing here: only worker and init read/),
  );
  said.mockRestore();
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
    [['scale-out', 'shop', '--add', 'two'], 'commander.invalidArgument'],
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
