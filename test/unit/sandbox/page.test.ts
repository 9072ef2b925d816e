import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { renderPage } from '../../../scripts/sandbox-page/render.js';
import { listSentences } from '../../../scripts/sandbox-page/sentences.js';

// Lists the tests in a process of its own.
it(
  'docs/sandbox.md names exactly the conformance tests that there are; if not: npm run docs:sandbox',
  { timeout: 120_000 },
  async () => {
    const page = readFileSync(new URL('../../../docs/sandbox.md', import.meta.url), 'utf8');
    expect(page).toBe(renderPage(await listSentences()));
  },
);
