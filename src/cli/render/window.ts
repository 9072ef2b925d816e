import type { OperationStatus } from '../../contract/index.js';
import { duration, moment, secondsBetween } from './figures.js';
import { wrap } from './text.js';

/** When the operation may move: what its maintenance windows come to now. Nothing where there are none. */
export function windowLines({ window }: OperationStatus, columns: number, now: number): string[] {
  if (!window) return [];
  const { ignored, open, opensAt, closesAt } = window;
  if (ignored) {
    const why = ignored.reason === '' ? '' : `: ${ignored.reason}`;
    return [wrap(`  The maintenance windows are ignored, by ${ignored.by}${why}`, columns, 4)];
  }
  const parts = [
    ...(closesAt !== undefined && open ? [`closes ${when(closesAt, now)}`] : []),
    ...(opensAt === undefined ? [] : [`${open ? 'the next ' : ''}opens ${when(opensAt, now)}`]),
  ];
  return parts.length === 0 ? [] : [wrap(`  The maintenance window ${parts.join('; ')}`, columns, 4)];
}

/** `2026-11-24 21:00 UTC, in 3 h` */
function when(time: string, now: number): string {
  const ahead = Date.parse(time) - now;
  return `${moment(time)} UTC${ahead > 0 ? `, in ${duration(secondsBetween(new Date(now).toISOString(), time))}` : ''}`;
}
