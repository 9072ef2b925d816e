import type { Ending, Untouched } from './ending.js';

/** What no operation may leave behind, whatever happens to it. */
export function unsound({ settings, rows, open, leftovers }: Ending, before: Untouched): string[] {
  return differ('', { ...before, open: [], leftovers: [] }, { settings, rows, open, leftovers });
}

/**
 * What is different from the end of the run without crashes, a line each; nothing when it is the same. `isCutOff`: what
 * was cancelled was lost too, so that its step has not ended, and what it would have done needed no undoing.
 */
export function differences(expected: Ending, seen: Ending, isCutOff: boolean): string[] {
  if (!isCutOff) return differ('', expected, seen);
  const { steps } = expected.report;
  const missing = without(expected.report.notes, seen.report.notes);
  const notes = [...seen.report.notes, ...missing];
  return differ('', expected, { ...seen, report: { ...seen.report, steps, notes } });
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
