// npm run test:crash -- [--seed N] [--only TEXT]... [--lanes N] [--list]: see CONTRIBUTING.md.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { writeBundle } from './bundle.js';
import { runMatrix, type Result } from './matrix.js';
import { flavour } from '../support/stage.js';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    only: { type: 'string', multiple: true, default: [] },
    lanes: { type: 'string', default: '2' },
    list: { type: 'boolean', default: false },
  },
});
const seed = Number(values.seed);
const only = values.only;
const began = Date.now();
const folder = mkdtempSync(join(tmpdir(), 'citus-scaler-crash-'));
const listed: string[] = [];

try {
  const results = await runMatrix({
    seed,
    lanes: Number(values.lanes),
    bundle: await writeBundle(folder),
    wanted: (id) => {
      listed.push(id);
      return (
        !values.list &&
        (only.length === 0 || only.some((text) => id === text || (!isCase(text) && id.includes(text))))
      );
    },
    tell: show,
  });
  if (values.list) console.log(listed.join('\n'));
  summary(results);
  process.exitCode = results.some(({ problems }) => problems.length > 0) ? 1 : 0;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exit();

/** A whole id means that case alone, not those whose ids begin like it. */
function isCase(text: string): boolean {
  return listed.includes(text);
}

function show({ id, problems, seconds }: Result): void {
  console.log(`${problems.length === 0 ? 'ok  ' : 'FAIL'} ${seconds.toFixed(1).padStart(6)} s  ${id}`);
  for (const problem of problems) console.log(`       ${problem.replaceAll('\n', '\n       ')}`);
  if (problems.length > 0) {
    const env = flavour === undefined ? '' : `SANDBOX_FLAVOUR=${flavour} `;
    console.log(`       again: ${env}npm run test:crash -- --seed ${seed} --only '${id}'`);
  }
}

function summary(results: Result[]): void {
  const failed = results.filter(({ problems }) => problems.length > 0);
  const rows = new Map<string, { passed: number; failed: number; seconds: number }>();
  for (const { id, problems, seconds } of results) {
    const name = id.split('/').slice(0, 2).join('/').replace(/#\d+$/, '');
    const row = rows.get(name) ?? { passed: 0, failed: 0, seconds: 0 };
    row[problems.length === 0 ? 'passed' : 'failed'] += 1;
    row.seconds += seconds;
    rows.set(name, row);
  }
  console.log(`\n${'what'.padEnd(60)} passed failed seconds`);
  for (const [name, row] of rows)
    console.log(
      `${name.padEnd(60)} ${String(row.passed).padStart(6)} ${String(row.failed).padStart(6)} ${row.seconds.toFixed(0).padStart(7)}`,
    );
  for (const { id } of failed) console.log(`failed: ${id}`);
  console.log(`\nseed ${seed}, ${Math.round((Date.now() - began) / 1_000)} s`);
  console.log(`${results.length - failed.length} passed, ${failed.length} failed`);
}
