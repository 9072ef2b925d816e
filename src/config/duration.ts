import { z } from 'zod';

const unitSeconds = { d: 86_400, h: 3_600, m: 60, s: 1 } as const;
const pattern = /^(?=\d)(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?$/;

/** `8h`, `1h30m`, `10m`: in the file a text, for the worker seconds. */
export function duration(seconds: { min: number; max: number }) {
  return z
    .string()
    .regex(pattern, 'must be a length of time such as 8h, 1h30m, 10m or 45s')
    .transform(secondsOf)
    .refine((value) => value >= seconds.min && value <= seconds.max, {
      error: `must be from ${formatDuration(seconds.min)} to ${formatDuration(seconds.max)}`,
    });
}

function secondsOf(text: string): number {
  const parts = pattern.exec(text)?.slice(1) ?? [];
  return Object.values(unitSeconds).reduce(
    (sum, length, index) => sum + Number(parts[index] ?? 0) * length,
    0,
  );
}

function formatDuration(seconds: number): string {
  const unit = (['d', 'h', 'm', 's'] as const).find((each) => seconds % unitSeconds[each] === 0) ?? 's';
  return `${seconds / unitSeconds[unit]}${unit}`;
}
