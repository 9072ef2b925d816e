import { z } from 'zod';
import type { Windows } from './config.js';
import { duration } from './duration.js';
import { calendarOf, isTimeZone, patienceDays, scheduleProblem } from './windows.js';
import { strict } from './words.js';

const day = 86_400;

const rule = strict({
  schedule: z
    .string()
    .superRefine((value, context) => {
      const problem = scheduleProblem(value);
      if (problem !== undefined) context.addIssue({ code: 'custom', message: problem });
    })
    .describe('when it begins: a cron schedule of five fields, in `timezone`'),
  for: duration({ min: 1, max: 31 * day }).describe('how long it lasts, for example `8h` or `1h30m`'),
}).transform(({ schedule, for: seconds }) => ({ schedule, seconds }));

const rules = z.array(rule).min(1, 'must have at least one {schedule, for}, or be left out');

/** Fails closed: what can't be understood, and windows that never open, are refused when the worker starts. */
export const windows = strict({
  timezone: z
    .string()
    .refine(isTimeZone, 'must be the name of a time zone, for example Europe/Berlin or UTC')
    .describe('whose clock the schedules mean, with its daylight saving'),
  allow: rules
    .optional()
    .describe('windows in which data may move; overlapping ones are one. Left out: always, but for `deny`'),
  deny: rules.optional().describe('when data may not move, whatever `allow` says'),
  grace: duration({ min: 0, max: day })
    .prefault('10m')
    .describe('how long a move that runs at closing time may go on, if it is expected to end by then'),
})
  .meta({ anyOf: [{ required: ['allow'] }, { required: ['deny'] }] })
  .transform(({ timezone, allow, deny = [], grace }): Windows => ({
    timezone,
    deny,
    graceSeconds: grace,
    ...(allow && { allow }),
  }))
  .superRefine((value, context) => {
    if (value.allow === undefined && value.deny.length === 0) {
      context.addIssue({ code: 'custom', message: 'needs allow, deny or both' });
    } else if (calendarOf(value, Date.now()).open.length === 0) {
      context.addIssue({
        code: 'custom',
        message: `never opens: within ${patienceDays} days no time is in allow and not in deny, so nothing could ever move`,
      });
    }
  });
