import type { Argument, Command, Option } from 'commander';
import { acceptableChecks } from '../../contract/index.js';
import { anyOperationArgument } from '../on-operation.js';
import { loadCommand } from '../program.js';

export interface Candidate {
  value: string;
  description: string;
}

/** What may stand at the cursor: known words, or a name that somebody else knows. */
export type Expected =
  | { kind: 'words'; words: Candidate[] }
  | { kind: 'file' }
  | { kind: 'cluster' | 'operation' | 'any-operation' };

export interface AtCursor {
  expected: Expected;
  /** What comes before the value in the same word: `--option=`. */
  prefix: string;
  /** Values of the global options that were given, by their name in commander. */
  globals: Record<string, string>;
}

/** Reads the words before the cursor as commander will, and says what the last one may become. */
export async function atCursor(program: Command, words: readonly string[]): Promise<AtCursor> {
  const line = new Line(program);
  for (const word of words.slice(0, -1)) await line.read(word);
  const word = words.at(-1) ?? '';
  const [, name, equals = ''] = /^(--[^=]+)(=?)/.exec(word) ?? [];
  const prefix = name !== undefined && equals !== '' ? `${name}=` : '';
  return { expected: line.valueAt(word, name, prefix !== ''), prefix, globals: line.globals };
}

/** How far a command line was read. */
class Line {
  readonly globals: Record<string, string> = {};
  private command: Command;
  private arguments = 0;
  /** An option that waits for its value. */
  private pending: Option | undefined;
  private given = new Set<Option>();
  private optionsEnded = false;

  constructor(private readonly program: Command) {
    this.command = program;
  }

  async read(word: string): Promise<void> {
    if (this.takesValue(word)) {
      this.readValue(word);
      return;
    }
    this.pending = undefined;
    if (!this.optionsEnded && word === '--') this.optionsEnded = true;
    else if (this.isOption(word)) this.readOption(word);
    else if (this.command.commands.length === 0) this.arguments += 1;
    else await this.enter(word);
  }

  valueAt(word: string, name: string | undefined, hasValue: boolean): Expected {
    if (this.takesValue(word)) return valuesOf(this.pending);
    if (this.isOption(word) || (word === '-' && !this.optionsEnded)) {
      return hasValue ? valuesOf(this.find(name)) : { kind: 'words', words: this.options() };
    }
    if (this.command.commands.length > 0) return { kind: 'words', words: commandsOf(this.command) };
    const { registeredArguments: parameters } = this.command;
    const last = parameters.at(-1);
    return valuesOf(parameters[this.arguments] ?? (last?.variadic ? last : undefined));
  }

  /** A list of values ends where an option begins; any other value may begin like one. */
  private takesValue(word: string): boolean {
    if (this.pending === undefined) return false;
    return !(word.startsWith('-') && (this.pending.variadic || this.pending.optional));
  }

  private readValue(word: string): void {
    if (this.pending && this.program.options.includes(this.pending)) {
      this.globals[this.pending.attributeName()] = word;
    }
    if (!this.pending?.variadic) this.pending = undefined;
  }

  private isOption(word: string): boolean {
    return !this.optionsEnded && /^-./.test(word);
  }

  private readOption(word: string): void {
    const [name = '', ...value] = word.split('=');
    const option = this.find(name);
    if (!option) return;
    this.given.add(option);
    if (!option.required && !option.optional) return;
    this.pending = option;
    if (value.length > 0) this.readValue(value.join('='));
  }

  private async enter(name: string): Promise<void> {
    const command = this.command.commands.find((each) => each.name() === name);
    if (!command) return;
    await loadCommand(command);
    this.command = command;
  }

  private find(name: string | undefined): Option | undefined {
    return [...this.command.options, ...this.program.options].find(
      ({ long, short }) => name === long || name === short,
    );
  }

  private options(): Candidate[] {
    const help = this.command.createHelp();
    return [...help.visibleOptions(this.command), ...help.visibleGlobalOptions(this.command)]
      .filter((option) => option.variadic || !this.given.has(option))
      .map(({ long, short, description }) => ({ value: long ?? short ?? '', description }));
  }
}

function commandsOf(command: Command): Candidate[] {
  return command
    .createHelp()
    .visibleCommands(command)
    .map((each) => ({ value: each.name(), description: each.summary() || each.description() }));
}

const acceptable = acceptableChecks.map((value) => ({ value, description: 'check that may be accepted' }));

/** The values that are known, or the kind that the placeholder names: `<check>`, `<file>`, `<cluster>`, `<operation>`. */
function valuesOf(of: Option | Argument | undefined): Expected {
  if (of?.argChoices) {
    return { kind: 'words', words: of.argChoices.map((value) => ({ value, description: '' })) };
  }
  const placeholder = of && ('flags' in of ? /[<[]([^\]>.]+)/.exec(of.flags)?.[1] : of.name());
  if (placeholder === 'file') return { kind: 'file' };
  if (placeholder === 'check') return { kind: 'words', words: acceptable };
  if (placeholder === 'cluster') return { kind: placeholder };
  if (placeholder === 'operation') {
    return { kind: of?.description === anyOperationArgument[1] ? 'any-operation' : placeholder };
  }
  return { kind: 'words', words: [] };
}
