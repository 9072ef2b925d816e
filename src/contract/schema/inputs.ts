import { z } from 'zod';

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
  .regex(
    /^[A-Za-z0-9_-]{1,64}$/,
    'must be the name of a cluster in the config: letters, digits, "_" and "-"',
  );

/** Fields that every operation takes. */
export const commonFields = {
  cluster: clusterName,
  transferMode: z.enum(['auto', 'force_logical', 'block_writes']).optional(),
  parallelMoves: z.int().min(1).max(64).optional(),
  approval: z.enum(['required', 'auto']).optional(),
  window: z.enum(['respect', 'ignore']).optional(),
  dryRun: z.boolean().optional(),
  ifBusy: z.enum(['fail', 'wait']).optional(),
  acceptChecks: z.array(z.string().min(1).max(64)).max(64).optional(),
  reason: z.string().min(1).max(500).optional(),
  requestedBy: z.string().min(1).max(200).optional(),
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
  to: z.int().min(1).max(1000).optional(),
  add: z.int().min(1).max(100).optional(),
  nodes: z.array(nodeAddress).min(1).max(100).optional(),
  rebalance: z.boolean().optional(),
  method: z.enum(['move'], { error: 'may be "move"' }).optional(),
}).superRefine((input, context) => {
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
});

export const inspectInput = strict({
  what: z.enum(['health', 'preflight', 'clusters', 'moves', 'nodes']),
  cluster: clusterName.optional(),
  for: z.enum(['scaleOut']).optional(),
  page: z.int().min(1).optional(),
  nodes: z.array(nodeAddress).max(100).optional(),
}).superRefine((input, context) => {
  if (input.what !== 'clusters' && input.cluster === undefined) {
    context.addIssue({ code: 'custom', path: ['cluster'], message: `required with what: "${input.what}"` });
  }
  if (input.for !== undefined && input.what !== 'preflight') {
    context.addIssue({ code: 'custom', path: ['for'], message: 'goes with what: "preflight" only' });
  }
});

export type ScaleOutInput = z.input<typeof scaleOutInput>;
export type InspectInput = z.input<typeof inspectInput>;

/** The schema of each operation's input, by workflow type. */
export const operationInputs = { scaleOut: scaleOutInput } as const;
