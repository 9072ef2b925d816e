import { z } from 'zod';
import { governorLimits } from '../contract/index.js';
import type { GovernorConfig } from './config.js';
import { duration } from './duration.js';
import { always, strict } from './words.js';

/** JSON Schema's words for "at least one of them". */
const someLimit = { anyOf: governorLimits.map((name) => ({ required: [name] })) };

/** The schema of `movement.governor`: one limit at least; `every` becomes seconds. */
export const governor = strict({
  maxStatementSeconds: z
    .number()
    .positive()
    .optional()
    .describe('age of the oldest statement that runs on the coordinator and began after the movement'),
  maxCpuPressure: z
    .number()
    .positive()
    .max(100)
    .optional()
    .describe(
      'percent of the time in which something waits for a CPU, on the node where it is most (`some` of /proc/pressure/cpu)',
    ),
  maxMeanStatementMs: z
    .number()
    .positive()
    .optional()
    .describe('mean duration of statements on the coordinator, by pg_stat_statements, without our own'),
  maxLag: z
    .int()
    .positive()
    .optional()
    .describe('bytes that a slot in use on the coordinator, or a running move, is behind'),
  every: duration({ min: 1, max: 60 }).prefault('2s').describe('how often the figures are read'),
})
  .refine((value) => governorLimits.some((name) => value[name] !== undefined), {
    ...always,
    error: `needs one of ${governorLimits.join(', ')} at least`,
  })
  .meta(someLimit)
  .transform(({ every, ...limits }): GovernorConfig => {
    const entries = Object.entries(limits).filter(([, value]) => value !== undefined);
    return { ...Object.fromEntries(entries), everySeconds: every };
  });
