// npm run docs:sandbox: runs the conformance suite on both flavours and writes docs/sandbox.md.
import { writeFileSync } from 'node:fs';
import { findFlavour } from '../../sandbox/flavour.js';
import { renderPage } from './render.js';
import { runSentences } from './sentences.js';

// The page compares two, so it can't be written where there is one. Throws.
findFlavour('citus');
const sentences = await runSentences();
writeFileSync(new URL('../../docs/sandbox.md', import.meta.url), renderPage(sentences));
const failed = sentences.filter(({ passes }) => !passes.citus || !passes['stand-in']);
for (const { subject, text } of failed) console.error(`fails: ${subject}: ${text}`);
process.exitCode = failed.length > 0 ? 1 : 0;
