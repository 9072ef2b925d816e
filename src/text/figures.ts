/** `61 MB`, `1.2 GB`: decimal units, as disks are sold. Not by pretty-bytes, which writes `61.4 MB` or, with fewer digits, `1 GB`. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${value >= 9.95 || unit === 0 ? value.toFixed(0) : value.toFixed(1)} ${units[unit] ?? 'B'}`;
}

/** `orders and 1 more` */
export function formatTables(tables: readonly string[]): string {
  const [first, ...others] = tables;
  if (first === undefined) return 'shards';
  return others.length === 0 ? first : `${first} and ${others.length} more`;
}

/** `1 worker`, `2 workers`, `1,530 rows` */
export function count(n: number, noun: string, plural = `${noun}s`): string {
  return `${inThousands(n)} ${n === 1 ? noun : plural}`;
}

/** `1,530`, the same in every process. */
export function inThousands(n: number): string {
  return String(n).replace(/\B(?=(?:\d{3})+$)/g, ',');
}

/** `45 s`, `12 min`, `18.5 h`. Not by pretty-ms, which writes `45s` and `18h 30m`. */
export function formatSeconds(seconds: number): string {
  if (seconds > 0 && seconds < 1) return `${Number(seconds.toPrecision(1))} s`;
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 5_400) return `${Math.round(seconds / 60)} min`;
  return `${Math.round(seconds / 360) / 10} h`;
}
