import cliTruncate from 'cli-truncate';
import sliceAnsi from 'slice-ansi';
import stringWidth from 'string-width';
import wrapAnsi from 'wrap-ansi';

/** How many columns a text takes, whatever its colours. */
export function width(text: string): number {
  return stringWidth(text);
}

/** Pads to a width by what is seen, whatever the colours. */
export function pad(text: string, columns: number, side: 'left' | 'right' = 'right'): string {
  const space = ' '.repeat(Math.max(0, columns - stringWidth(text)));
  return side === 'right' ? text + space : space + text;
}

/** Cuts to a width, saying so with an ellipsis. */
export function cut(text: string, columns: number): string {
  return cliTruncate(text, columns);
}

/** Cuts in the middle: both ends of an id tell more than its middle. */
export function cutMiddle(text: string, columns: number): string {
  return cliTruncate(text, columns, { position: 'middle' });
}

/** How many lines of a terminal a text takes, which breaks those that are too long for it. */
export function rowsOf(text: string, columns: number): number {
  return wrapAnsi(text, columns, { hard: true, wordWrap: false, trim: false }).split('\n').length;
}

/**
 * Breaks at spaces; further lines are indented, also those that the text itself has. Several spaces, which align, stay.
 * A word that is too long keeps its line.
 */
export function wrap(text: string, columns: number, indent = 0): string {
  const [first = '', ...more] = text.split('\n');
  const further = more.map((line) => wrapLine(' '.repeat(indent) + line.trimStart(), columns, indent));
  return [wrapLine(first, columns, indent), ...further].join('\n');
}

function wrapLine(text: string, columns: number, indent: number): string {
  const body = sliceAnsi(text, indent);
  // wrap-ansi has no hanging indent, and takes spaces at the beginning away: they count as part of the first word.
  const gap = /^ */.exec(body)?.[0] ?? '';
  const [first = '', ...more] = wrapAnsi(
    'x'.repeat(gap.length) + body.slice(gap.length),
    Math.max(1, columns - indent),
  ).split('\n');
  return [
    sliceAnsi(text, 0, indent) + gap + first.slice(gap.length),
    ...more.map((line) => ' '.repeat(indent) + line),
  ].join('\n');
}
