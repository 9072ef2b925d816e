import type { WindowCalendar, WindowSpan, WindowStatus } from '../contract/index.js';

/** Questions to a calendar of maintenance windows. `at` is milliseconds since 1970. */

/** The stretch that is open at a time. */
export function openAt({ open }: WindowCalendar, at: number): WindowSpan | undefined {
  return open.find(({ from, to }) => Date.parse(from) <= at && at < Date.parse(to));
}

function nextAfter({ open }: WindowCalendar, at: number): WindowSpan | undefined {
  return open.find(({ from }) => Date.parse(from) > at);
}

/** When the stretch that is open closes; undefined when none is open, or when its end isn't known yet. */
export function closingTime(calendar: WindowCalendar, at: number): string | undefined {
  const span = openAt(calendar, at);
  return span && Date.parse(span.to) < Date.parse(calendar.until) ? span.to : undefined;
}

/** Seconds that a move may still take; undefined when there is no end in sight. 0 outside. */
export function secondsLeft(calendar: WindowCalendar, at: number): number | undefined {
  if (!openAt(calendar, at)) return 0;
  const closes = closingTime(calendar, at);
  return closes === undefined ? undefined : (Date.parse(closes) - at) / 1_000;
}

/** When there is something new: a window opens or closes, or nothing is known any more. */
export function nextChange(calendar: WindowCalendar, at: number): number {
  const next = openAt(calendar, at)?.to ?? nextAfter(calendar, at)?.from ?? calendar.until;
  return Date.parse(next);
}

/** Whether the config is to be asked anew: nothing is known any more, or a window has opened since it was asked. */
export function isOutdated(calendar: WindowCalendar, readAt: number, at: number): boolean {
  const span = openAt(calendar, at);
  return at >= Date.parse(calendar.until) || (span !== undefined && Date.parse(span.from) > readAt);
}

/** The length of the longest window to come, in seconds; 0 when none is known. */
export function longestSeconds({ longest }: WindowCalendar): number {
  return longest ? (Date.parse(longest.to) - Date.parse(longest.from)) / 1_000 : 0;
}

/** Whether a window is open, and when the next opens and this one closes: what the status shows. */
export function windowStatus(calendar: WindowCalendar, at: number): WindowStatus {
  const closesAt = closingTime(calendar, at);
  const opensAt = nextAfter(calendar, at)?.from;
  return {
    timezone: calendar.timezone,
    open: openAt(calendar, at) !== undefined,
    ...(opensAt !== undefined && { opensAt }),
    ...(closesAt !== undefined && { closesAt }),
  };
}
