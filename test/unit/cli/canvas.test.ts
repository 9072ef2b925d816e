import type { WriteStream } from 'node:tty';
import { expect, test } from 'vitest';
import { createCanvas } from '../../../src/cli/follow/canvas.js';

function terminal(columns: number): { stream: WriteStream; written: string[] } {
  const written: string[] = [];
  const stream = { columns, rows: 24, write: (text: string) => written.push(text) };
  return { stream: stream as unknown as WriteStream, written };
}

test('a terminal made narrower is wiped of the lines into which it broke what was drawn', async () => {
  const { stream, written } = terminal(80);
  const canvas = await createCanvas(stream);
  canvas.draw(`${'a'.repeat(70)}\nb\n${'c'.repeat(50)}`);
  written.length = 0;
  stream.columns = 40;
  canvas.draw('smaller');
  expect(written).toContain('\u001b[2A\u001b[J');
  expect(written.at(-1)).toContain('smaller');
});

test.each([80, 120])('nothing else is wiped where it has become %d wide', async (columns) => {
  const { stream, written } = terminal(80);
  const canvas = await createCanvas(stream);
  canvas.draw('a'.repeat(70));
  written.length = 0;
  stream.columns = columns;
  canvas.draw('b');
  expect(written).toHaveLength(1);
});
