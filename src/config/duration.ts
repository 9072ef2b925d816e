import { z } from 'zod';
import { durationOf, durationPattern, secondsOf } from '../text/duration.js';

/** `8h`, `1h30m`, `10m`: in the file a text, for the worker seconds. */
export function duration(seconds: { min: number; max: number }) {
  return z
    .string()
    .regex(durationPattern, 'must be a length of time such as 8h, 1h30m, 10m or 45s')
    .transform(secondsOf)
    .refine((value) => value >= seconds.min && value <= seconds.max, {
      error: `must be from ${durationOf(seconds.min)} to ${durationOf(seconds.max)}`,
    });
}
