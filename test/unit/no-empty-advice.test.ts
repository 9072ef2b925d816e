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
