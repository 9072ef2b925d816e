// npm run docs: writes what is generated from the code. test/unit/docs.test.ts checks that it is current.
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { generatedFiles } from './docs/generated-files.js';

const root = fileURLToPath(new URL('..', import.meta.url));
for (const [file, text] of Object.entries(await generatedFiles(root))) {
  writeFileSync(`${root}${file}`, text);
  console.log(`wrote ${file}`);
}
