import { stripVTControlCharacters } from 'node:util';

/** How many columns a text takes; enough for what we print (no wide characters of our own). */
export function width(text: string): number {
  return Array.from(stripVTControlCharacters(text)).length;
}

/** Pads to a width by what is seen, whatever the colours. */
export function pad(text: string, columns: number, side: 'left' | 'right' = 'right'): string {
  const space = ' '.repeat(Math.max(0, columns - width(text)));
  return side === 'right' ? text + space : space + text;
}

/** Cuts to a width, saying so with an ellipsis. Of plain text only. */
export function cut(text: string, columns: number): string {
  const letters = Array.from(text);
  return letters.length <= columns ? text : `${letters.slice(0, Math.max(0, columns - 1)).join('')}…`;
}

/** Cuts in the middle: both ends of an id tell more than its middle. */
export function cutMiddle(text: string, columns: number): string {
  const letters = Array.from(text);
  if (letters.length <= columns) return text;
  const tail = Math.floor((columns - 1) / 2);
  return `${letters.slice(0, columns - 1 - tail).join('')}…${letters.slice(-tail).join('')}`;
}

/** How many lines of a terminal a text takes, which breaks those that are too long for it. */
export function rowsOf(text: string, columns: number): number {
  return text.split('\n').reduce((sum, line) => sum + Math.max(1, Math.ceil(width(line) / columns)), 0);
}

/** A text of several lines in one. */
export function oneLine(text: string): string {
  return text.split(/\s*\n\s*/).join(' ');
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
  const lines: string[] = [];
  let line = '';
  for (const word of text.match(/ *[^ ]+/g) ?? []) {
    if (line.trim() !== '' && width(line) + width(word) > columns) {
      lines.push(line);
      line = ' '.repeat(indent) + word.trimStart();
    } else line += word;
  }
  return [...lines, line].join('\n');
}
