import type { Colors } from 'picocolors/types.js';
import type { Problem } from '../problem.js';
import { wrap } from './text.js';

/** One clear sentence, what was seen, and what to do about it. */
export function renderProblem({ message, details }: Problem, paint: Colors, columns: number): string {
  const evidence = details.evidence.filter((line) => line !== '' && !message.includes(line));
  return [
    wrap(`${paint.red('✗')} ${message}`, columns, 2),
    ...evidence.map((line) => paint.dim(wrap(`  ${line}`, columns, 4))),
    ...details.remedies.map((line) => wrap(`  → ${line}`, columns, 4)),
  ].join('\n');
}
