import { describe, expect, test } from 'vitest';
import { createColors } from 'picocolors';
import { cut, cutMiddle, pad, rowsOf, width, wrap } from '../../../../src/cli/render/text/text.js';

describe('wrapping', () => {
  test('keeps alignment and indents what follows', () => {
    expect(wrap('  ✓ id      one two three', 18, 12)).toBe(
      '  ✓ id      one\n            two\n            three',
    );
    expect(wrap('  Up to 2 of 4', 9, 4)).toBe('  Up to 2\n    of 4');
    expect(wrap('a   b c d', 5, 2)).toBe('a   b\n  c d');
  });

  test('leaves a word that is too long on a line of its own', () => {
    expect(wrap('- see https://docs.example/a-long-one now', 12, 2)).toBe(
      '- see\n  https://docs.example/a-long-one\n  now',
    );
  });

  test('colours are no columns, and no line runs on in them', () => {
    const { yellow } = createColors(true);
    expect(wrap(`${yellow('!')} one two`, 5, 2)).toBe(`${yellow('!')} one\n  two`);
    expect(wrap(yellow('one two'), 4).split('\n')).toEqual([yellow('one'), yellow('two')]);
  });
});

test('columns are what a terminal shows: wide characters take two, marks on letters none', () => {
  expect(width('数据')).toBe(4);
  expect(width('e\u0301')).toBe(1);
  expect(pad('数据', 6)).toBe('数据  ');
  expect(cut('数据库', 5)).toBe('数据…');
  expect(rowsOf('数据库', 4)).toBe(2);
});

test('what is cut says so', () => {
  expect(cut('replacement', 5)).toBe('repl…');
  expect(cut('short', 5)).toBe('short');
  expect(cutMiddle('worker-1.shop.internal:5432', 11)).toBe('worke…:5432');
});

test('a text of several lines is indented below its first', () => {
  expect(wrap('  → could not connect:\n\tis it there?', 40, 4)).toBe(
    '  → could not connect:\n    is it there?',
  );
});
