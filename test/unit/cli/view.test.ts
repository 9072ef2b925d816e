import pc from 'picocolors';
import { expect, test } from 'vitest';
import { createView } from '../../../src/cli/follow/view.js';
import type { Io } from '../../../src/cli/io.js';
import { running } from './statuses.js';

const nobody = { problem: 'No worker answers.', leftMs: 119_600 };

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

test('that nobody answers is said once, and again when it happens again', () => {
  const lines: string[] = [];
  const view = createView(ioInto(lines));
  view.show(running);
  lines.length = 0;
  view.away(nobody);
  view.away(nobody);
  expect(lines).toEqual([
    expect.stringMatching(/^\d\d:\d\d:\d\d No worker answers\. Waiting for it, 2 min at most\.$/),
  ]);
  view.show(running);
  view.away(nobody);
  expect(lines.filter((line) => line.endsWith(' at most.'))).toHaveLength(2);
});
