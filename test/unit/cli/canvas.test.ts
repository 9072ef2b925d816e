import type { WriteStream } from 'node:tty';
import { expect, test } from 'vitest';
import { createCanvas } from '../../../src/cli/follow/canvas.js';

const plan = ['Move shards 1 s', 'a → b', 'c → d', 'the others wait', ''].join('\n');

test('what is left of a frame of which a line in the middle goes is the next frame', () => {
  const { stream, screen } = terminal(80);
  const canvas = createCanvas(stream);
  stream.write('Scaling out\n');
  canvas.draw(plan);
  canvas.draw(plan.replace('c → d\n', ''));
  expect(screen()).toEqual(['Scaling out', 'Move shards 1 s', 'a → b', 'the others wait']);
  canvas.draw(plan.replace('1 s', '2 s'));
  canvas.draw('Verify');
  expect(screen()).toEqual(['Scaling out', 'Verify']);
  canvas.clear();
  stream.write('done\n');
  expect(screen()).toEqual(['Scaling out', 'done']);
});

test('what is drawn stays when it is done', () => {
  const { stream, screen } = terminal(80);
  const canvas = createCanvas(stream);
  canvas.draw('one');
  canvas.done();
  canvas.draw('two');
  canvas.clear();
  expect(screen()).toEqual(['one']);
});

test.each([40, 100])('a terminal made %d wide keeps nothing of what was drawn', (columns) => {
  const { stream, screen, resize } = terminal(80);
  const canvas = createCanvas(stream);
  stream.write('above\n');
  canvas.draw(`${'a'.repeat(70)}\nb\n${'c'.repeat(50)}`);
  resize(columns);
  canvas.draw('smaller');
  expect(screen()).toEqual(['above', 'smaller']);
});

/** As much of a terminal as a canvas uses. Lines that are too long are broken, those that are there anew when it is resized. */
function terminal(width: number) {
  let rows = [''];
  let row = 0;
  let column = 0;
  const put = (letter: string): void => {
    if (letter === '\r') column = 0;
    else if (letter === '\n' || column === stream.columns) {
      row += 1;
      column = 0;
    }
    rows[row] ??= '';
    if (letter === '\r' || letter === '\n') return;
    rows[row] =
      `${(rows[row] ?? '').slice(0, column).padEnd(column)}${letter}${(rows[row] ?? '').slice(column + 1)}`;
    column += 1;
  };
  const stream = {
    columns: width,
    write: (text: string) => {
      for (const part of text.split(/(\u001b\[[?\d]*[A-Za-z])/)) {
        const lines = Number(/\[(\d*)A$/.exec(part)?.[1]);
        if (lines > 0) row = Math.max(0, row - lines);
        else if (part === '\u001b[J') rows = [...rows.slice(0, row), (rows[row] ?? '').slice(0, column)];
        else if (!part.startsWith('\u001b')) for (const letter of part) put(letter);
      }
    },
  };
  return {
    stream: stream as unknown as WriteStream,
    screen: () => rows.filter((each) => each !== ''),
    resize: (columns: number) => {
      stream.columns = columns;
      rows = rows.flatMap((each) => each.match(new RegExp(`.{1,${columns}}`, 'g')) ?? ['']);
      row = rows.length - 1;
    },
  };
}
