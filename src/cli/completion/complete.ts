import { exit, type ExitCode } from '../exit-codes.js';
import { createProgram } from '../program.js';
import { namesFor } from './names.js';
import { anyFile } from './request.js';
import { atCursor, type AtCursor, type Candidate } from './at-cursor.js';

/** Answers a shell's script: a candidate a line, with its description behind a tab. */
export async function complete(words: string[]): Promise<ExitCode> {
  const cursor = await atCursor(createProgram({ exitCode: exit.ok }), words);
  if (cursor.expected.kind === 'file') process.stdout.write(`${anyFile}\n`);
  else {
    const beginning = words.at(-1) ?? '';
    for (const { value, description } of await candidatesAt(cursor)) {
      const word = `${cursor.prefix}${value}`;
      if (word.startsWith(beginning)) process.stdout.write(`${word}\t${description}\n`);
    }
  }
  return exit.ok;
}

async function candidatesAt({ expected, globals }: AtCursor): Promise<Candidate[]> {
  if (expected.kind === 'words') return expected.words;
  if (expected.kind === 'file') return [];
  return namesFor(expected.kind, globals);
}
