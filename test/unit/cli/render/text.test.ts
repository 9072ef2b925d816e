import { expect, test } from 'vitest';
import { wrap } from '../../../../src/cli/render/text.js';

test('wrapping keeps alignment and indents what follows', () => {
  expect(wrap('  ✓ id      one two three', 18, 12)).toBe(
    '  ✓ id      one\n            two\n            three',
  );
});

test('a text of several lines is indented below its first', () => {
  expect(wrap('  → could not connect:\n\tis it there?', 40, 4)).toBe(
    '  → could not connect:\n    is it there?',
  );
});
