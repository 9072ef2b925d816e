const unitSeconds = { d: 86_400, h: 3_600, m: 60, s: 1 } as const;

/** A length of time as people write it: `8h`, `1h30m`, `10m`, `45s`, `0.3s`. */
export const durationPattern = /^(?=\d)(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+(?:\.\d+)?)s)?$/;

/** The seconds of a length of time that fits the pattern. */
export function secondsOf(text: string): number {
  const parts = durationPattern.exec(text)?.slice(1) ?? [];
  return Object.values(unitSeconds).reduce(
    (sum, length, index) => sum + Number(parts[index] ?? 0) * length,
    0,
  );
}

/** Seconds in the largest unit that they fill: `90m`, `45s`. */
export function durationOf(seconds: number): string {
  const units = ['d', 'h', 'm', 's'] as const;
  const unit = units.find((each) => seconds > 0 && seconds % unitSeconds[each] === 0) ?? 's';
  return `${seconds / unitSeconds[unit]}${unit}`;
}
