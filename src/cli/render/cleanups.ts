import type { Colors } from 'picocolors/types.js';
import type { Plan } from '../../contract/index.js';
import { bytes, count } from './text/figures.js';
import { wrap } from './text/text.js';

/** Lists what is going to be removed, and how: all of it that the plan shows, since none of it comes back. */
export function renderCleanups(
  { cleanups = [], cleanupsTotal = 0 }: Plan,
  paint: Colors,
  columns: number,
): string {
  const lines = cleanups.flatMap(({ kind, node, name, how, bytes: size }) => [
    wrap(`  - ${kind} ${name} on ${node}${size === undefined ? '' : `, ${bytes(size)}`}`, columns, 4),
    paint.dim(wrap(`    ${how}`, columns, 6)),
  ]);
  const more = cleanupsTotal - cleanups.length;
  return [
    `  ${count(cleanupsTotal, 'leftover')} to remove`,
    ...lines,
    ...(more > 0 ? [paint.dim(`  and ${more} more`)] : []),
  ].join('\n');
}
