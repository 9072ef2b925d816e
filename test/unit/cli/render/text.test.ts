import { expect, test } from 'vitest';
import { wrap } from '../../../../src/cli/render/text.js';

test('wrapping keeps alignment and indents what follows', () => {
  expect(wrap('  ✓ id      one two three', 18, 12)).toBe(
    '  ✓ id      one\n            two\n            three',
  );
});
