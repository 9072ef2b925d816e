import { readFileSync } from 'node:fs';
import type { Sentence } from './sentences.js';

const readme = new URL('../../sandbox/stand-in/README.md', import.meta.url);
const heading = '## What is different, and why that does no harm';

/** Writes the page: what differs, from the stand-in's README, and what the conformance suite compares. */
export function renderPage(sentences: Sentence[]): string {
  const subjects = [...new Set(sentences.map(({ subject }) => subject))].sort();
  const sections = subjects.map((name) =>
    section(
      name,
      sentences.filter(({ subject }) => subject === name),
    ),
  );
  return (
    [
      '# The sandbox: Citus and its stand-in',
      'Written by `npm run docs:sandbox`, which runs the conformance suite on both flavours of the sandbox. A test checks that the page names the tests ' +
        'that there are.',
      'Tests and demo use real Citus where the machine has it, else a stand-in: PostgreSQL 18 with an extension in SQL ' +
        '([what it is](../sandbox/stand-in/README.md)). The suite runs the same statements on both and expects the same answers.',
      heading,
      differences(),
      '## What is compared',
      `${sentences.length} tests of ${subjects.length} subjects. ✓: as expected. ✗: otherwise.`,
      ...sections,
    ].join('\n\n') + '\n'
  );
}

function differences(): string {
  const text = readFileSync(readme, 'utf8');
  const start = text.indexOf(heading);
  if (start < 0) throw new Error(`${readme.pathname} has no section "${heading}"`);
  return (
    text
      .slice(start + heading.length)
      .split('\n## ')[0]
      ?.trim() ?? ''
  );
}

function section(subject: string, sentences: Sentence[]): string {
  const rows = sentences.map(
    ({ text, passes }) => `| ${escape(text)} | ${mark(passes.citus)} | ${mark(passes['stand-in'])} |`,
  );
  return [`### ${subject}`, '', '| | Citus | stand-in |', '|---|---|---|', ...rows].join('\n');
}

function mark(passes: boolean): string {
  return passes ? '✓' : '✗';
}

/** Titles may quote SQL. */
function escape(text: string): string {
  return text.replaceAll(/[|*<]/g, '\\$&');
}
