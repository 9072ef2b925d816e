import { z } from 'zod';
import { transferModes } from '../names.js';

/** What this version doesn't know is refused, with the list of what it does: a misspelt `dryRun` must not act. */
function strict<Shape extends z.ZodRawShape>(shape: Shape) {
  return z.strictObject(shape, {
    error: ({ code }) =>
      code === 'unrecognized_keys' ? `allowed: ${Object.keys(shape).join(', ')}` : undefined,
  });
}

const nodeAddress = z
  .string()
  .regex(/^[A-Za-z0-9_.-]+:\d{1,5}$/, 'must be host:port, for example "db3:5432"')
  .refine((value) => {
    const port = Number(value.slice(value.lastIndexOf(':') + 1));
    return port >= 1 && port <= 65_535;
  }, 'the port must be between 1 and 65535')
  .transform((value) => value.toLowerCase());

const clusterName = z
  .string({ error: 'required: the name of a cluster in the config' })
  .regex(/^[A-Za-z0-9_-]{1,64}$/, 'must be the name of a cluster in the config: letters, digits, "_" and "-"')
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
  parallelMoves: z
    .int()
    .min(1)
    .max(64)
    .optional()
    .describe("moves at once; else the config's `movement.parallelMoves`"),
  approval: z
    .enum(['required', 'auto'])
    .optional()
    .describe(
      "whether a person must approve the plan; else the config's `approval`, else `required`. A config that says `required` can't be overruled",
    ),
  window: z.enum(['respect', 'ignore']).optional().meta({
    default: 'respect',
    description: 'whether data moves in the maintenance windows of the config only; `ignore` needs `reason`',
  }),
  dryRun: z
    .boolean()
    .optional()
    .meta({ default: false, description: 'checks and plan only; takes no hold, changes nothing' }),
  ifBusy: z.enum(['fail', 'wait']).optional().meta({
    default: 'fail',
    description: 'when another operation holds the cluster; waiting promises no order',
  }),
  acceptChecks: z
    .array(z.string().min(1).max(64))
    .max(64)
    .optional()
    .describe('ids of checks: go on in spite of these blockers; needs `reason`'),
  reason: z.string().min(1).max(500).optional().describe('why, for the record'),
  requestedBy: z.string().min(1).max(200).optional().describe('who asks, for the record'),
} as const;

interface NeedsReason {
  window?: 'respect' | 'ignore' | undefined;
  acceptChecks?: string[] | undefined;
  reason?: string | undefined;
}

function reasonGiven(input: NeedsReason, context: z.RefinementCtx): void {
  if (input.reason !== undefined) return;
  if (input.window === 'ignore')
    context.addIssue({ code: 'custom', path: ['reason'], message: 'required with window: "ignore"' });
  if (input.acceptChecks?.length)
    context.addIssue({ code: 'custom', path: ['reason'], message: 'required with acceptChecks' });
}

export const scaleOutInput = strict({
  ...commonFields,
  to: z
    .int()
    .min(1)
    .max(1000)
    .optional()
    .describe('workers in all afterwards; exactly one of `to`, `add` and `nodes`'),
  add: z.int().min(1).max(100).optional().describe('workers to add; their machines are started'),
  nodes: z.array(nodeAddress).min(1).max(100).optional().describe('`host:port` of servers that run already'),
  rebalance: z
    .boolean()
    .optional()
    .meta({ default: true, description: '`false` registers the workers and leaves the data where it is' }),
  method: z
    .enum(['move'], { error: 'may be "move"' })
    .optional()
    .meta({ default: 'move', description: 'how data gets to the new workers' }),
})
  .superRefine((input, context) => {
    reasonGiven(input, context);
    const given = (['to', 'add', 'nodes'] as const).filter((field) => input[field] !== undefined);
    if (given.length !== 1) {
      const found = given.length === 0 ? 'none was given' : `${given.join(' and ')} were given`;
      context.addIssue({
        code: 'custom',
        path: [given[0] ?? 'to'],
        message: `exactly one of to, add and nodes is needed; ${found}`,
      });
    }
    if (input.nodes && new Set(input.nodes).size < input.nodes.length) {
      context.addIssue({ code: 'custom', path: ['nodes'], message: 'names a node twice' });
    }
  })
  .meta({
    examples: [
      { cluster: 'shop', add: 2 },
      { cluster: 'shop', nodes: ['db3:5432'], approval: 'auto', parallelMoves: 4, reason: 'the sale' },
    ],
  });

export const inspectInput = strict({
  what: z.enum(['health', 'preflight', 'clusters', 'moves', 'nodes']).describe('what to look at'),
  cluster: clusterName
    .optional()
    .describe('name of a cluster in the config; needed unless `what` is `clusters`'),
  for: z
    .enum(['scaleOut'])
    .optional()
    .meta({ default: 'scaleOut', description: 'the operation that a preflight is for' }),
  page: z.int().min(1).optional().meta({ default: 1, description: 'number of the page; 64 KB at most each' }),
  nodes: z
    .array(nodeAddress)
    .max(100)
    .optional()
    .describe('`host:port` of the servers that a preflight is about'),
})
  .superRefine((input, context) => {
    if (input.what !== 'clusters' && input.cluster === undefined) {
      context.addIssue({ code: 'custom', path: ['cluster'], message: `required with what: "${input.what}"` });
    }
    if (input.for !== undefined && input.what !== 'preflight') {
      context.addIssue({ code: 'custom', path: ['for'], message: 'goes with what: "preflight" only' });
    }
  })
  .meta({ examples: [{ what: 'health', cluster: 'shop' }] });

export type ScaleOutInput = z.input<typeof scaleOutInput>;
export type InspectInput = z.input<typeof inspectInput>;

/** The schema of each operation's input, by workflow type. */
export const operationInputs = { scaleOut: scaleOutInput } as const;
