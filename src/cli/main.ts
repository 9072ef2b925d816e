#!/usr/bin/env node
import { CommanderError } from 'commander';
import type { App, Session } from './app.js';
import { completionRequest } from './completion/request.js';
import { exit, exitCodeOf, type ExitCode } from './exit-codes.js';
import { createIo, type DocumentStyle, type GlobalOptions } from './io.js';
import { problemOf, UsageError } from './problem.js';
import { createProgram } from './program.js';
import { renderProblem } from './render/problem.js';

/** Runs a command line and returns the exit code. Whatever happens is said, in one way. */
export async function main(argv: string[]): Promise<ExitCode> {
  if (argv[0] === completionRequest)
    return (await import('./completion/complete.js')).complete(argv.slice(1));
  const session: Omit<Session, 'globals'> = { exitCode: exit.ok };
  const program = createProgram(session);
  try {
    await program.parseAsync(withHelpCommand(argv), { from: 'user' });
    return session.exitCode;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return exit.ok;
    const options = { ...program.opts<GlobalOptions>(), ...(argv.includes('--json') && { json: true }) };
    return fail(createIo(options), error, session.documents);
  }
}

function fail(io: App['io'], error: unknown, style?: DocumentStyle): ExitCode {
  const usage = error instanceof CommanderError ? usageOf(error) : error;
  if (usage === undefined) return exit.usage; // no command: the help was printed
  const problem = problemOf(usage);
  if (io.json) io.document({ error: problem }, style);
  else io.warn(renderProblem(problem, io.paintError, io.columns));
  return exitCodeOf(problem.type);
}

function usageOf(error: CommanderError): UsageError | undefined {
  if (error.code === 'commander.help') {
    return process.argv.includes('--json') ? new UsageError('A command is needed.') : undefined;
  }
  const [message = '', ...hints] = error.message.replace(/^error: /, '').split('\n');
  const sentence = `${message.charAt(0).toUpperCase()}${message.slice(1)}`;
  return new UsageError(
    sentence.endsWith('.') ? sentence : `${sentence}.`,
    hints.filter((hint) => hint !== ''),
  );
}

/** `help X` is `X --help`, which loads the command. */
function withHelpCommand(argv: string[]): string[] {
  const [first, ...rest] = argv;
  return first === 'help' ? [...rest, '--help'] : argv;
}

/** A reader that went away (`| head`) is no error of ours. */
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});

const code = await main(process.argv.slice(2));
process.exitCode = code;
// Whatever still holds the process (a connection that closes slowly) doesn't keep a finished command.
process.stdout.write('', () => process.stderr.write('', () => process.exit(code)));
