import { z } from 'zod';
import { addressOf, addressPattern, hostPattern, parseAddress } from '../../text/address.js';
import { acceptableChecks, checkIds } from '../checks.js';
import { clusterNamePattern, transferModes } from '../names.js';
import { durationOf, durationPattern, secondsOf } from '../../text/duration.js';
import { parallelMovesRange, writeStallRange } from '../updates.js';

/** An object that refuses fields it doesn't know, and lists those it does: a misspelt `dryRun` must not act. */
export function strict<Shape extends z.ZodRawShape>(shape: Shape) {
  return z.strictObject(shape, {
    error: ({ code }) =>
      code === 'unrecognized_keys' ? `allowed: ${Object.keys(shape).join(', ')}` : undefined,
  });
}

const isHost = (host: string): boolean => !host.includes(':') || z.ipv6().safeParse(host).success;

/** A host name or an IP address, in lower case. */
export const hostName = z
  .string()
  .regex(hostPattern, {
    error: 'must be a host name or an IP address, without port, brackets, user or scheme',
    abort: true,
  })
  .refine(isHost, 'is no IPv6 address')
  .transform((value) => value.toLowerCase());

/** `host:port` of a node, in lower case. */
export const nodeAddress = z
  .string()
  .regex(addressPattern, {
    error: 'must be host:port, for example "db3:5432" or "[fd00::3]:5432"',
    abort: true,
  })
  .refine((value) => parseAddress(value) !== undefined, 'the port must be between 1 and 65535')
  .refine((value) => isHost(addressOf(value).host), 'what stands in brackets is no IPv6 address')
  .transform((value) => value.toLowerCase());

/** A length of time as people write it: `30s`, `5m`. It stays a text; `secondsOf` reads it. */
export function duration({ min, max }: { min: number; max: number }) {
  return z
    .string()
    .regex(durationPattern, {
      error: 'must be a length of time such as 8h, 1h30m, 10m or 45s',
      abort: true,
    })
    .refine((value) => secondsOf(value) >= min && secondsOf(value) <= max, {
      error: `must be from ${durationOf(min)} to ${durationOf(max)}`,
    });
}

/** The name of a cluster. */
export const clusterName = z
  .string({ error: 'required: the name of a cluster in the config' })
  .regex(clusterNamePattern, 'must be the name of a cluster in the config: letters, digits, "_" and "-"')
  .describe('name of a cluster in the config');

/**
 * Fields that every operation takes. The descriptions are what the reference says (docs/workflows.md). A `default` in
 * `meta` says what a field that was left out means; the input itself stays as it was given.
 */
export const commonFields = {
  cluster: clusterName,
  transferMode: z
    .enum(transferModes)
    .optional()
    .describe("how Citus copies; else the config's `movement.transferMode`"),
  maxWriteStall: z
    .number()
    .min(writeStallRange.least)
    .max(writeStallRange.most)
    .optional()
    .describe(
      "seconds: with `transferMode` `auto`, a shard group that is copied faster with writes blocked moves so, if writes wait for less than this; 0: never; else the config's `movement.maxWriteStall`",
    ),
  parallelMoves: z
    .int()
    .min(parallelMovesRange.least)
    .max(parallelMovesRange.most)
    .optional()
    .describe("moves at once; else the config's `movement.parallelMoves`"),
  approval: z
    .enum(['required', 'auto'])
    .optional()
    .describe(
      "whether a person must approve the plan; else the config's `approval`, else `required`; then a plan that only marks workers waits for nobody. `auto` is refused where the config says `required`",
    ),
  window: z.enum(['respect', 'ignore']).optional().meta({
    default: 'respect',
    description: 'whether data moves in the maintenance windows of the config only; `ignore` needs `reason`',
  }),
  dryRun: z
    .boolean()
    .optional()
    .meta({ default: false, description: 'checks and plan only; takes no lock, changes nothing' }),
  ifBusy: z.enum(['fail', 'wait']).optional().meta({
    default: 'fail',
    description: 'when another operation holds the cluster; waiting promises no order',
  }),
  acceptChecks: z
    .array(z.string().min(1).max(64))
    .max(64)
    .superRefine(refuseUnacceptable)
    .optional()
    .describe('ids of checks: go on in spite of these blockers; needs `reason`'),
  reason: z.string().min(1).max(500).optional().describe('why, for the record'),
  requestedBy: z.string().min(1).max(200).optional().describe('who asks, for the record'),
} as const;

function refuseUnacceptable(ids: string[], context: z.RefinementCtx): void {
  const wrong = ids.filter((id) => !acceptableChecks.some((acceptable) => acceptable === id));
  if (wrong.length === 0) return;
  const problems = wrong.map((id) =>
    checkIds.some((check) => check === id) ? `${id} can't be accepted` : `there is no check ${id}`,
  );
  const message = `${problems.join(', ')}; it may name: ${acceptableChecks.join(', ')}`;
  context.addIssue({ code: 'custom', message });
}

interface NeedsReason {
  window?: 'respect' | 'ignore' | undefined;
  acceptChecks?: string[] | undefined;
  reason?: string | undefined;
}

/** Refuses an input that ignores windows or accepts checks and gives no reason. */
export function requireReason(input: NeedsReason, context: z.RefinementCtx): void {
  if (input.reason !== undefined) return;
  if (input.window === 'ignore')
    context.addIssue({
      code: 'custom',
      path: ['reason'],
      message: 'required to ignore the maintenance windows',
    });
  if (input.acceptChecks?.length)
    context.addIssue({ code: 'custom', path: ['reason'], message: 'required to accept checks' });
}

/** `host:port` of nodes, each once. */
export const nodeList = z
  .array(nodeAddress)
  .min(1)
  .max(100)
  .refine((nodes) => new Set(nodes).size === nodes.length, 'names a node twice');
