import type { Command } from 'commander';
import { createProgram, loadCommand } from '../../src/cli/program.js';

/** The command line with every command loaded. */
export async function loadedProgram(): Promise<Command> {
  const program = createProgram({ exitCode: 0 });
  for (const command of program.commands) await loadCommand(command);
  return program;
}

/** The command lines that a help ends with. */
export function examplesOf(command: Command): string[] {
  let help = '';
  command.configureOutput({ writeOut: (text) => (help += text) });
  command.outputHelp();
  const [, examples = ''] = /\nExamples?:\n([^]*)$/.exec(help) ?? [];
  return examples
    .trim()
    .split('\n')
    .map((line) => line.trim());
}
