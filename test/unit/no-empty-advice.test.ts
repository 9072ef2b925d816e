import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../src', import.meta.url));

test('no remedy only says that what is wrong is to be repaired', () => {
  const empty = /repair what the evidence names|bring them back, or remove them/;
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.ts'),
  );
  expect(files.filter((name) => empty.test(readFileSync(join(root, name), 'utf8')))).toEqual([]);
});

test('what needs attention while data moves names only what the operation takes then', () => {
  const folders = ['activities/moving', 'activities/runtime', 'activities/settings'];
  const taken = [
    'retry',
    'giveUp',
    'cancel',
    'pause',
    'resume',
    'setParallelMoves',
    'status',
    'health',
    'list',
  ];
  const named = folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .flatMap((name) => [...readFileSync(join(root, folder, name), 'utf8').matchAll(/\bdoes\(\s*'(\w+)'/g)])
      .map(([, action = '']) => action),
  );
  expect(named.length).toBeGreaterThan(5);
  expect(named.filter((action) => !taken.includes(action))).toEqual([]);
});
