import type { Beginning, Ending } from './ending.js';
import type { Procedure } from './procedures/procedure.js';
import type { Scenario } from './scenario.js';

/** What no operation may leave behind, whatever happens to it; one that is undone leaves nothing at all. */
export function unsound(
  ending: Ending,
  before: Beginning,
  { undone, changesRows }: Pick<Procedure, 'undone' | 'changesRows'>,
): string[] {
  const { settings, open, leftovers, nodes, machines } = ending;
  const rows = changesRows ? ending.rows : before.rows;
  const always = differ(
    '',
    { settings: before.settings, rows, open: [], leftovers: [] },
    { settings, rows: ending.rows, open, leftovers },
  );
  if (!undone) return always;
  const asBefore = { nodes: before.nodes, running: before.running.filter(runs) };
  return [...always, ...differ('', asBefore, { nodes, running: machines.running.filter(runs) })];
}

function runs(machine: string): boolean {
  return machine.endsWith(': runs');
}

/** What is different from the end of the run without crashes, a line each; nothing when it is the same. */
export function differences(expected: Ending, seen: Ending, scenario: Scenario): string[] {
  return differ('', expected, excused(expected, seen, scenario));
}

/** What has changed since the end: nothing may, but for the report, which is written once. */
export function changes({ report: _, ...ending }: Ending, { report: __, ...later }: Ending): string[] {
  return differ('later', ending, later);
}

/**
 * With a cut off activity what was cancelled was lost too, so that its step has not ended, and what it would have done
 * needed no undoing. Where it is a race, that is so without a crash as well, or isn't.
 */
function excused(expected: Ending, seen: Ending, { isCutOff, procedure }: Scenario): Ending {
  const { steps } = expected.report;
  if (procedure.racy) {
    const { notes } = expected.report;
    return { ...seen, machines: expected.machines, report: { ...seen.report, steps, notes } };
  }
  if (!isCutOff) return seen;
  const missing = without(expected.report.notes, seen.report.notes);
  return { ...seen, report: { ...seen.report, steps, notes: [...seen.report.notes, ...missing] } };
}

function differ(path: string, expected: unknown, seen: unknown): string[] {
  if (isRecord(expected) && isRecord(seen)) {
    const names = [...new Set([...Object.keys(expected), ...Object.keys(seen)])];
    return names.flatMap((name) =>
      differ(path === '' ? name : `${path}.${name}`, expected[name], seen[name]),
    );
  }
  if (Array.isArray(expected) && Array.isArray(seen)) {
    const missing = without(expected, seen).map((line) => `${path}: missing: ${line}`);
    return [...missing, ...without(seen, expected).map((line) => `${path}: too much: ${line}`)];
  }
  return expected === seen ? [] : [`${path}: ${String(seen)} instead of ${String(expected)}`];
}

/** Each as often as it is there: a line that is doubled is one too much. */
function without(lines: unknown[], others: unknown[]): string[] {
  const left = others.map(String);
  return lines.map(String).filter((line) => {
    const at = left.indexOf(line);
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
