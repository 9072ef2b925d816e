export { count, formatBytes as bytes, inThousands } from '../../../text/figures.js';

/** `0.4 s`, `12 s`, `3 min 5 s`, `2 h 10 min`, `1 d 4 h`: two units at most. */
export function duration(seconds: number): string {
  if (seconds < 9.95) return `${Math.max(0, Math.round(seconds * 10) / 10)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3_600) return two(whole, 60, 'min', 1, 's');
  if (whole < 86_400) return two(whole, 3_600, 'h', 60, 'min');
  return two(whole, 86_400, 'd', 3_600, 'h');
}

function two(seconds: number, big: number, bigName: string, small: number, smallName: string): string {
  const rest = Math.floor((seconds % big) / small);
  const first = `${Math.floor(seconds / big)} ${bigName}`;
  return rest === 0 ? first : `${first} ${rest} ${smallName}`;
}

/** Seconds from one ISO 8601 time to another. */
export function secondsBetween(from: string, to: string | number): number {
  const end = typeof to === 'number' ? to : Date.parse(to);
  return Math.max(0, (end - Date.parse(from)) / 1_000);
}

/** `2026-11-24 09:15` UTC. */
export function moment(time: string): string {
  return time.slice(0, 16).replace('T', ' ');
}

/** `orders and 1 more` */
export function tablesOf(tables: readonly string[]): string {
  const [first = 'shards', ...others] = tables;
  return others.length === 0 ? first : `${first} +${others.length}`;
}
