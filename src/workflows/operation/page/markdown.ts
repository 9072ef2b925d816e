import { oneLine, shorten } from '../../../text/lines.js';

/** Characters of an entry: three lines of the page. */
const longestItem = 400;

/** A text as one entry of a list: an entry of several lines would end it, and one of a thousand characters hides the others. */
export function item(text: string): string {
  return shorten(oneLine(text), longestItem);
}

/** A list in Markdown. */
export function list(entries: readonly string[]): string {
  return entries.map((entry) => `- ${item(entry)}`).join('\n');
}

/** A text that is to be copied letter by letter: anywhere else the page makes “curly” quotes of straight ones. */
export function code(text: string): string {
  const longest = Math.max(0, ...[...text.matchAll(/`+/g)].map(([ticks]) => ticks.length));
  const fence = '`'.repeat(longest + 1);
  return longest === 0 ? `${fence}${text}${fence}` : `${fence} ${text} ${fence}`;
}

/** Statements in a text, each of which ends with a semicolon, to be copied as they are. */
export function withCode(text: string): string {
  return text.replace(
    /\b(?:SELECT|ALTER|SET|RESET|CREATE|GRANT|DROP|CALL|DELETE|UPDATE|INSERT) [^;`]*;/g,
    code,
  );
}

/** A table in Markdown. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => oneLine(cell).replaceAll('|', String.raw`\|`)).join(' | ')} |`;
  return [line(head), `|${'---|'.repeat(head.length)}`, ...rows.map(line)].join('\n');
}
