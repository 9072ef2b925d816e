// npm run test:crash -- [--seed N] [--only TEXT]... [--case ID]... [--lanes N] [--late SECONDS] [--list]: see CONTRIBUTING.md.
import { parseArgs } from 'node:util';
import { flavour } from '../support/stage.js';
import { build } from '../support/build.js';
import { runMatrix, type Result } from './matrix.js';
import { procedures } from './procedures/index.js';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    only: { type: 'string', multiple: true, default: [] },
    case: { type: 'string', multiple: true, default: [] },
    lanes: { type: 'string', default: '2' },
    late: { type: 'string', default: '15' },
    list: { type: 'boolean', default: false },
  },
});
const { seed, only, case: ids } = values;
const all = only.length === 0 && ids.length === 0;
const began = Date.now();
// Programs that it runs keep others from ending it by a signal.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(130));
const built = await build();

try {
  const results = await runMatrix({
    seed: Number(seed),
    lanes: Number(values.lanes),
    lateMs: Number(values.late) * 1_000,
    build: built.folder,
    procedures: procedures.filter(mayBeWanted),
    wanted: (id) => {
      const isWanted = all || ids.includes(id) || only.some((text) => id.includes(text));
      if (isWanted && values.list) console.log(id);
      return isWanted && !values.list;
    },
    tell: show,
  });
  if (!values.list) summary(results);
  process.exitCode = results.some(({ problems }) => problems.length > 0) ? 1 : 0;
} finally {
  built.remove();
}
process.exit();

/** A text that begins with the name of a procedure means no other: the others need not be recorded. */
function mayBeWanted({ name }: { name: string }): boolean {
  const texts = [...only, ...ids];
  const named = (text: string): boolean => procedures.some((each) => text.startsWith(`${each.name}/`));
  return all || texts.some((text) => text.startsWith(`${name}/`) || !named(text));
}

function show({ id, problems, seconds }: Result): void {
  console.log(`${problems.length === 0 ? 'ok  ' : 'FAIL'} ${seconds.toFixed(1).padStart(6)} s  ${id}`);
  for (const problem of problems) console.log(`       ${problem.replaceAll('\n', '\n       ')}`);
  if (problems.length > 0) {
    const env = flavour === undefined ? '' : `SANDBOX_FLAVOUR=${flavour} `;
    console.log(`       again: ${env}npm run test:crash -- --seed ${seed} --case '${id}'`);
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
  const figures = (...columns: string[]): string => columns.map((column) => column.padStart(8)).join('');
  console.log(`\n${''.padEnd(52)}${figures('passed', 'failed', 'seconds')}`);
  for (const [name, row] of [...rows].sort(([a], [b]) => a.localeCompare(b)))
    console.log(`${name.padEnd(52)}${figures(`${row.passed}`, `${row.failed}`, row.seconds.toFixed(0))}`);
  for (const { id } of failed) console.log(`failed: ${id}`);
  console.log(`\nseed ${seed}, ${Math.round((Date.now() - began) / 1_000)} s`);
  console.log(`${results.length - failed.length} passed, ${failed.length} failed`);
}
