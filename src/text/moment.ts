/** `2026-11-24 22:00 Europe/Berlin`: a moment of ISO 8601 by the clock of a time zone, which is named with it. */
export function momentIn(time: string, timeZone = 'UTC'): string {
  // Sweden writes dates as ISO 8601 does.
  const clock = new Intl.DateTimeFormat('sv-SE', { dateStyle: 'short', timeStyle: 'short', timeZone });
  return `${clock.format(new Date(time))} ${timeZone}`;
}
