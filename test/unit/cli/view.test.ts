import pc from 'picocolors';
import { expect, test } from 'vitest';
import { createView } from '../../../src/cli/follow/view.js';
import type { Io } from '../../../src/cli/io.js';
import { running } from './statuses.js';

function ioInto(lines: string[]): Io {
  return {
    json: false,
    quiet: false,
    interactive: false,
    live: false,
    columns: 80,
    rows: () => 24,
    paint: pc.createColors(false),
    paintError: pc.createColors(false),
    answer: () => undefined,
    document: () => undefined,
    tell: (text) => lines.push(text),
    warn: () => undefined,
  };
}

test('that nobody answers is said once, and again when it happens again', async () => {
  const lines: string[] = [];
  const view = await createView(ioInto(lines));
  view.show(running);
  lines.length = 0;
  view.away('No worker answers.');
  view.away('No worker answers.');
  expect(lines).toEqual([expect.stringMatching(/^\d\d:\d\d:\d\d No worker answers\.$/)]);
  view.show(running);
  view.away('No worker answers.');
  expect(lines.filter((line) => line.endsWith('No worker answers.'))).toHaveLength(2);
});
