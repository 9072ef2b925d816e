import { expect, test } from 'vitest';
import { redact } from '../../../src/text/redact.js';

test('secrets that others quote are struck out', () => {
  expect(redact('connect with password=hunter2 failed')).toBe('connect with password=*** failed');
  expect(redact('postgres://app:hunter2@db1/app refused')).not.toContain('hunter2');
});
