import { z } from 'zod';
import { inspectWhats } from '../names.js';
import { operationTypes, type OperationType } from '../operations.js';
import { clusterName, commonFields, nodeAddress, nodeList, requireReason, strict } from './fields.js';
import { emergencyRemoveWorkerInput } from './rescue-input.js';

const scaleOutInput = strict({
  ...commonFields,
  to: z
    .int()
    .min(1)
    .max(1000)
    .optional()
    .describe('workers in all afterwards; exactly one of `to`, `add` and `nodes`'),
  add: z.int().min(1).max(100).optional().describe('workers to add; their machines are started'),
  nodes: nodeList.optional().describe('`host:port` of servers that run already'),
  rebalance: z
    .boolean()
    .optional()
    .meta({ default: true, description: '`false` registers the workers and leaves the data where it is' }),
  method: z.enum(['move', 'clone'], { error: 'may be "move" or "clone"' }).optional().meta({
    default: 'move',
    description:
      'whether shards move, or a streaming standby of a worker becomes one itself and keeps a part of its shards (Citus 13.2 or later, one worker at a time)',
  }),
  source: nodeAddress
    .optional()
    .describe(
      '`host:port` of the worker whose shards are split, with `clone`; else the one that the given standby follows, or the one with most data',
    ),
})
  .superRefine((input, context) => {
    requireReason(input, context);
    const tell = (path: string, message: string): void =>
      context.addIssue({ code: 'custom', path: [path], message });
    if (input.method !== 'clone') {
      if (input.source !== undefined) tell('source', 'goes with method: "clone" only');
    } else if (input.rebalance === false)
      tell('rebalance', 'a clone always keeps a part of the shards of its source: leave it out');
    else if ((input.add ?? 1) > 1) tell('add', 'with method: "clone" one worker is added at a time: 1');
    else if ((input.nodes ?? []).length > 1)
      tell('nodes', 'with method: "clone" one worker is added at a time: name one standby');
    else if (input.source !== undefined && input.nodes?.[0] === input.source)
      tell('source', 'names the standby itself, as the field nodes does');
    const counts = (['to', 'add', 'nodes'] as const).filter((field) => input[field] !== undefined);
    if (counts.length === 1) return;
    const [first = 'to', ...others] = counts.length === 0 ? ['to', 'add', 'nodes'] : counts;
    context.addIssue({
      code: 'custom',
      path: [first],
      params: { with: others },
      message: `exactly one of them is needed; ${counts.length === 0 ? 'none was given' : 'these were given'}`,
    });
  })
  .meta({
    examples: [
      { cluster: 'shop', add: 2 },
      { cluster: 'shop', nodes: ['db3:5432'], approval: 'auto', parallelMoves: 4, reason: 'the sale' },
      { cluster: 'shop', add: 1, method: 'clone', source: 'db2:5432' },
    ],
  });

const rebalanceInput = strict({
  ...commonFields,
  strategy: z
    .string()
    .min(1)
    .max(63)
    .optional()
    .describe("a name in `pg_dist_rebalance_strategy`; else the cluster's default strategy"),
  threshold: z
    .number()
    .min(0)
    .max(1)
    .optional()
    .describe("how far from the mean a node may be, 0.1 for 10 %; else the strategy's own"),
  drainOnly: z.boolean().optional().meta({
    default: false,
    description:
      'empties every node that is marked `shouldhaveshards = false` already, and moves nothing else',
  }),
})
  .superRefine(requireReason)
  .meta({
    examples: [
      { cluster: 'shop' },
      { cluster: 'shop', strategy: 'by_shard_count', threshold: 0, approval: 'auto' },
    ],
  });

const drainWorkerInput = strict({
  ...commonFields,
  nodes: nodeList.describe('`host:port` of the workers to empty, as one plan'),
  undo: z
    .boolean()
    .optional()
    .meta({ default: false, description: 'puts them back in service instead; moves nothing' }),
})
  .superRefine(requireReason)
  .meta({
    examples: [
      { cluster: 'shop', nodes: ['db3:5432'] },
      { cluster: 'shop', nodes: ['db3:5432'], undo: true },
    ],
  });

const removeWorkerInput = strict({
  ...commonFields,
  nodes: nodeList.describe('`host:port` of the workers to take out: emptied as one plan, removed one by one'),
  keepMachine: z
    .boolean()
    .optional()
    .meta({ default: false, description: 'leaves the machine running, though we could stop it' }),
})
  .superRefine(requireReason)
  .meta({
    examples: [
      { cluster: 'shop', nodes: ['db3:5432'] },
      { cluster: 'shop', nodes: ['db3:5432', 'db4:5432'], keepMachine: true },
    ],
  });

const isolateWorkerInput = strict({
  ...commonFields,
  node: nodeAddress.describe('`host:port` of the dead worker'),
  undo: z
    .boolean()
    .optional()
    .meta({ default: false, description: 'gives it the metadata again, now that it is back' }),
})
  .superRefine(requireReason)
  .meta({
    examples: [
      { cluster: 'shop', node: 'db3:5432' },
      { cluster: 'shop', node: 'db3:5432', undo: true },
    ],
  });

const replaceWorkerInput = strict({
  ...commonFields,
  node: nodeAddress.describe('`host:port` of the worker that goes'),
  with: nodeAddress
    .optional()
    .describe(
      '`host:port` of the server that comes: with `clone` a streaming standby of the worker, with `move` an empty server; else a machine is started',
    ),
  method: z
    .enum(['clone', 'move'], { error: 'may be "clone" or "move"' })
    .optional()
    .meta({ default: 'clone', description: 'whether a standby takes over, or shards move' }),
})
  .superRefine(requireReason)
  .superRefine((input, context) => {
    if (input.with === input.node)
      context.addIssue({
        code: 'custom',
        path: ['with'],
        message: 'names the worker itself, as the field node does',
      });
  })
  .meta({
    examples: [
      { cluster: 'shop', node: 'db3:5432', with: 'db7:5432' },
      { cluster: 'shop', node: 'db3:5432', method: 'move', dryRun: true },
    ],
  });

const salvageWorkerInput = strict({
  ...commonFields,
  node: nodeAddress.describe('`host:port` of the server that was given up and is back'),
  tables: z
    .array(z.string().min(1).max(130))
    .min(1)
    .max(100)
    .optional()
    .describe('only these tables: `orders` for one in `public`, else `schema.orders`; all by default'),
})
  .superRefine(requireReason)
  .meta({
    examples: [
      { cluster: 'shop', node: 'db3:5432', dryRun: true },
      { cluster: 'shop', node: 'db3:5432', tables: ['orders'] },
    ],
  });

const cleanUpInput = strict(commonFields)
  .superRefine(requireReason)
  .meta({ examples: [{ cluster: 'shop' }, { cluster: 'shop', dryRun: true }] });

/** The schema of `inspect`'s input. */
export const inspectInput = strict({
  what: z.enum(inspectWhats).describe('what to look at'),
  cluster: clusterName
    .optional()
    .describe('name of a cluster in the config; needed unless `what` is `clusters`'),
  for: z
    .enum(operationTypes)
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

/** The schema of each operation's input, by workflow type. */
export const operationInputs = {
  scaleOut: scaleOutInput,
  rebalance: rebalanceInput,
  drainWorker: drainWorkerInput,
  removeWorker: removeWorkerInput,
  emergencyRemoveWorker: emergencyRemoveWorkerInput,
  isolateWorker: isolateWorkerInput,
  replaceWorker: replaceWorkerInput,
  salvageWorker: salvageWorkerInput,
  cleanUp: cleanUpInput,
} as const satisfies Record<OperationType, z.ZodType>;

/** The input of each operation, by workflow type. */
export type OperationInputs = {
  [Type in OperationType]: z.input<(typeof operationInputs)[Type]>;
};
/** Input of `inspect`. */
export type InspectInput = z.input<typeof inspectInput>;
