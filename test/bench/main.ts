// npm run bench: measures what is promised, prints a table and writes bench.json.
// npm run bench -- --only NAME … --flavour citus --json FILE
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import Table from 'cli-table3';
import pc from 'picocolors';
import { findFlavour, flavours } from '../../sandbox/flavour.js';
import { isMet, type Figure } from './measure.js';
import { measures } from './measures/index.js';

const { values } = parseArgs({
  options: {
    only: { type: 'string', multiple: true },
    flavour: { type: 'string' },
    json: { type: 'string', default: 'bench.json' },
  },
});
const unknown = values.only?.filter((name) => !measures.some((measure) => measure.name === name)) ?? [];
if (unknown.length > 0) {
  console.error(
    `No measure ${unknown.join(', ')}. There are: ${measures.map(({ name }) => name).join(', ')}.`,
  );
  process.exit(2);
}
const { flavour, why } = findFlavour(flavours.find((each) => each === values.flavour));
console.log(why);

const results: (Figure & { measure: string })[] = [];
let broken = 0;
for (const measure of measures) {
  if (values.only && !values.only.includes(measure.name)) continue;
  if (!measure.flavours.includes(flavour)) {
    console.log(`${measure.name}: skipped, it says something on real Citus only`);
    continue;
  }
  console.log(`${measure.name} …`);
  try {
    const figures = await measure.run(flavour);
    results.push(...figures.map((figure) => ({ measure: measure.name, ...figure })));
  } catch (error) {
    broken += 1;
    console.error(`${measure.name} failed: ${error instanceof Error ? error.message : String(error)}`);
  }
}

const table = new Table({
  head: ['', 'measure', 'figure', 'goal'],
  style: { head: [] },
  colWidths: [3, 62, 14, 14],
  wordWrap: true,
});
for (const figure of results)
  table.push([mark(figure), what(figure), shown(figure.value, figure), goal(figure)]);
console.log(table.toString());
const missed = results.filter((figure) => isMet(figure) === false).length;
console.log(
  `${results.length - missed} of ${results.length} figures as wanted, on ${cpus().length} cores, ${flavour}`,
);
writeFileSync(values.json, `${JSON.stringify({ flavour, cores: cpus().length, results }, null, 2)}\n`);
process.exit(broken > 0 ? 1 : 0);

function mark(figure: Figure): string {
  const met = isMet(figure);
  return met === undefined ? ' ' : met ? pc.green('✓') : pc.red('✗');
}

function what({ what: name, detail }: Figure): string {
  return detail === undefined ? name : `${name}\n${pc.dim(detail)}`;
}

function shown(value: number, { unit }: Figure): string {
  const digits = Number.isInteger(value) ? 0 : value < 10 ? 2 : value < 100 ? 1 : 0;
  return `${value.toFixed(digits)} ${unit}`;
}

function goal(figure: Figure): string {
  if (!figure.goal) return '';
  return 'atLeast' in figure.goal
    ? `≥ ${shown(figure.goal.atLeast, figure)}`
    : `≤ ${shown(figure.goal.atMost, figure)}`;
}
