import { expect } from 'vitest';

/** What is printed has no colour and fits a terminal of 80 columns. */
export function expectToFit(text: string): void {
  expect(text).not.toContain('\u001b');
  expect(text.split('\n').filter((line) => line.length > 80)).toEqual([]);
}
