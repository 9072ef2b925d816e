import type { Colors } from 'picocolors/types.js';
import pc from 'picocolors';

/** Where a command writes. Answers go to standard output; progress, questions and errors to standard error. */
export interface Io {
  json: boolean;
  quiet: boolean;
  /** Someone sits at a terminal and may be asked. */
  interactive: boolean;
  /** Standard error is a terminal, so progress may be drawn over itself. */
  live: boolean;
  /** Of the terminal, now: it may be made larger or smaller. */
  readonly columns: number;
  /** Lines of the terminal that progress is drawn on, now. */
  rows: () => number;
  /** Colours for standard output and for standard error. */
  paint: Colors;
  paintError: Colors;
  /** The answer that a person asked for. */
  answer: (text: string) => void;
  /** The one document of `--json`, or one line of several. */
  document: (value: unknown, style?: DocumentStyle) => void;
  /** Progress; not with --quiet. */
  tell: (text: string) => void;
  /** What must be read, also with --quiet. */
  warn: (text: string) => void;
}

export type DocumentStyle = 'pretty' | 'line';

export interface GlobalOptions {
  config?: string;
  json?: boolean;
  quiet?: boolean;
  color?: boolean;
  profile?: string;
  address?: string;
  namespace?: string;
}

/** Tables and plans are made for this width; a wider terminal gets no wider lines, since long lines read badly. */
const widest = 100;
const usual = 80;
const usualRows = 24;

export function createIo(options: GlobalOptions): Io {
  const { stdin, stdout, stderr } = process;
  const json = options.json === true;
  const isColorful = options.color !== false;
  return {
    json,
    quiet: options.quiet === true,
    interactive: stdin.isTTY && stderr.isTTY && !json,
    live: stderr.isTTY && process.env['TERM'] !== 'dumb',
    get columns() {
      return Math.min(widest, (stderr.isTTY ? stderr.columns : undefined) ?? usual);
    },
    rows: () => (stderr.isTTY ? stderr.rows : undefined) ?? usualRows,
    paint: pc.createColors(isColorful && hasColours(stdout.isTTY)),
    paintError: pc.createColors(isColorful && hasColours(stderr.isTTY)),
    answer: (text) => stdout.write(`${text}\n`),
    document: (value, style = 'pretty') =>
      stdout.write(`${JSON.stringify(value, undefined, style === 'pretty' ? 2 : 0)}\n`),
    tell: (text) => {
      if (options.quiet !== true) stderr.write(`${text}\n`);
    },
    warn: (text) => stderr.write(`${text}\n`),
  };
}

/** https://no-color.org: set and not empty means none. */
function hasColours(isTerminal: boolean): boolean {
  const { NO_COLOR, FORCE_COLOR, TERM } = process.env;
  if (NO_COLOR !== undefined && NO_COLOR !== '') return false;
  if (FORCE_COLOR !== undefined && FORCE_COLOR !== '' && FORCE_COLOR !== '0') return true;
  return isTerminal && TERM !== 'dumb';
}
