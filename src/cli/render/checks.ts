import type { Colors } from 'picocolors/types.js';
import { worstFirst, type Check } from '../../contract/index.js';
import { remedyLines, type About } from './remedy.js';
import { pad, width, wrap } from './text/text.js';

/** Whether a check is worth a line. */
export function standsOut({ ok }: Check): boolean {
  return !ok;
}

/** One check a paragraph: mark, id, what was measured, what to do. */
export function checkLines(checks: Check[], paint: Colors, columns: number, about: About): string {
  const idWidth = Math.min(28, Math.max(0, ...checks.map(({ id }) => width(id))));
  return worstFirst(checks)
    .map((check) => {
      const lead = `  ${markOf(check, paint)} ${pad(check.id, idWidth)}  `;
      const evidence = wrap(lead + check.evidence, columns, idWidth + 6).split('\n');
      const remedies = check.ok || check.remedy === undefined ? [] : [check.remedy];
      return [...evidence, ...remedyLines(remedies, about, paint, columns, idWidth + 6)].join('\n');
    })
    .join('\n');
}

function markOf({ ok, severity }: Check, paint: Colors): string {
  if (ok) return paint.green('✓');
  switch (severity) {
    case 'blocker':
      return paint.red('✗');
    case 'warning':
      return paint.yellow('!');
    case 'info':
      return paint.dim('·');
  }
}
