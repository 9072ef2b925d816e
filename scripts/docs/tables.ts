/** A table in Markdown. */
export function table(head: string[], rows: string[][]): string {
  const line = (cells: string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`.replaceAll(
      '|  |',
      '| |',
    );
  return [line(head), `|${'---|'.repeat(head.length)}`, ...rows.map(line)].join('\n');
}

/** Sets a text in code style. */
export function code(text: string): string {
  return `\`${text}\``;
}

/** Puts each table between its marks, `<!-- table: NAME -->` and `<!-- end -->`, of a page written by hand. */
export function withTables(page: string, tables: Record<string, string>): string {
  let filled = page;
  for (const [name, text] of Object.entries(tables)) {
    const place = new RegExp(`(<!-- table: ${name}[^]*?-->\\n)[^]*?(<!-- end -->)`);
    if (!place.test(filled)) throw new Error(`The page has no place for the table ${name}.`);
    filled = filled.replace(place, (_, from: string, to: string) => `${from}\n${text}\n\n${to}`);
  }
  return filled;
}
