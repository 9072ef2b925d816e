import Table from 'cli-table3';

/** A column of a table. */
export interface Column {
  head: string;
  align?: 'left' | 'right';
}

const none = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: '  ',
};

/** A table without lines: columns stand by their alignment alone. */
export function table(columns: Column[], rows: string[][], indent = 0): string {
  const heads = columns.some(({ head }) => head !== '') ? columns.map(({ head }) => head) : [];
  const grid = new Table({
    head: heads,
    colAligns: columns.map(({ align = 'left' }) => align),
    chars: none,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
  });
  grid.push(...rows);
  const lead = ' '.repeat(indent);
  return grid
    .toString()
    .split('\n')
    .map((line) => `${lead}${line}`.trimEnd())
    .join('\n');
}
