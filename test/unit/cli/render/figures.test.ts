import { expect, test } from 'vitest';
import { bytes, duration } from '../../../../src/cli/render/text/figures.js';

test.each([
  [0.04, '0 s'],
  [1.26, '1.3 s'],
  [59.6, '1 min'],
  [65, '1 min 5 s'],
  [3_600, '1 h'],
  [7_900, '2 h 11 min'],
  [100_000, '1 d 3 h'],
])('%d s reads %s', (seconds, text) => expect(duration(seconds)).toBe(text));

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [1_200, '1.2 kB'],
  [41_700_000, '42 MB'],
  [1_260_000_000, '1.3 GB'],
])('%d bytes read %s', (value, text) => expect(bytes(value)).toBe(text));
