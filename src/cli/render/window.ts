import type { OperationStatus } from '../../contract/index.js';
import { duration, moment, secondsBetween } from './figures.js';
import { wrap } from './text.js';

/** Says when the operation may move, by its maintenance windows. Nothing where there are none. */
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

/** `2026-11-24 21:00 UTC, in 3 h (2026-11-24 22:00 Europe/Berlin)` */
function when(time: string, now: number): string {
  const ahead = Date.parse(time) - now;
  return `${moment(time)} UTC${ahead > 0 ? `, in ${duration(secondsBetween(new Date(now).toISOString(), time))}` : ''}${hereToo(time)}`;
}

/** The same moment by the reader's clock, unless that is UTC. */
function hereToo(time: string): string {
  const { timeZone } = new Intl.DateTimeFormat().resolvedOptions();
  if (/^(Etc\/)?UTC$/.test(timeZone)) return '';
  // Sweden writes dates as ISO 8601 does.
  const here = new Intl.DateTimeFormat('sv-SE', { dateStyle: 'short', timeStyle: 'short', timeZone });
  return ` (${here.format(new Date(time))} ${timeZone})`;
}
