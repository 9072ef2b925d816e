import type { OperationStatus } from '../../contract/index.js';
import { momentIn } from '../../text/moment.js';
import { duration } from './text/figures.js';
import { wrap } from './text/text.js';

/** Says when the operation may move, by its maintenance windows. Nothing where there are none. */
export function windowLines({ window }: OperationStatus, columns: number, now: number): string[] {
  if (!window) return [];
  const { ignored, open, opensAt, closesAt, timezone } = window;
  if (ignored) {
    const why = ignored.reason === '' ? '' : `: ${ignored.reason}`;
    return [wrap(`  The maintenance windows are ignored, by ${ignored.by}${why}`, columns, 4)];
  }
  const parts = [
    ...(closesAt !== undefined && open ? [`closes ${when(closesAt, timezone, now)}`] : []),
    ...(opensAt === undefined ? [] : [`${open ? 'the next ' : ''}opens ${when(opensAt, timezone, now)}`]),
  ];
  return parts.length === 0 ? [] : [wrap(`  The maintenance window ${parts.join('; ')}`, columns, 4)];
}

/** `2026-11-24 22:00 Europe/Berlin, in 3 h (2026-11-24 21:00 UTC)`: by the config's clock, then by the reader's. */
function when(time: string, timezone: string | undefined, now: number): string {
  const theirs = momentIn(time, timezone);
  const ours = momentIn(time, new Intl.DateTimeFormat().resolvedOptions().timeZone);
  const ahead = Date.parse(time) - now;
  const wait = ahead > 0 ? `, in ${duration(ahead / 1_000)}` : '';
  return `${theirs}${wait}${sameClock(theirs, ours) ? '' : ` (${ours})`}`;
}

/** Whether both show the same date and hour: then one name of the zone is enough. */
function sameClock(one: string, other: string): boolean {
  return one.slice(0, 16) === other.slice(0, 16);
}
