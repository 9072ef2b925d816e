import { z } from 'zod';
import { commonFields, duration, nodeAddress, nodeList, requireReason, strict } from './fields.js';

/** The fields that say by which way a dead worker goes out. */
const ways = ['standby', 'restored', 'acceptDataLoss'] as const;

/** The schema of `emergencyRemoveWorker`'s input. */
export const emergencyRemoveWorkerInput = strict({
  ...commonFields,
  ifBusy: z.enum(['fail', 'wait', 'takeOver']).optional().meta({
    default: 'fail',
    description:
      'when another operation holds the cluster; waiting promises no order; `takeOver` gives up one that is stuck at the dead worker and not past its point of no return',
  }),
  node: nodeAddress.describe('`host:port` of the dead worker'),
  alsoDead: nodeList
    .optional()
    .describe('`host:port` of other dead workers, which are taken out together with it'),
  waitForReturn: duration({ min: 1, max: 30 * 86_400 })
    .optional()
    .meta({
      description:
        'for how long it is waited for, for example `5m`: if it comes back in that time it is emptied and removed as one that runs',
    }),
  deadFor: duration({ min: 0, max: 3_600 }).optional().meta({
    default: '30s',
    description: 'for how long it must have answered nobody, for example `30s` or `5m`',
  }),
  standby: nodeAddress
    .optional()
    .describe(
      '`host:port` of its standby, which is promoted and takes its place; one that is registered is found without it',
    ),
  maxStandbyLag: duration({ min: 0, max: 30 * 86_400 })
    .optional()
    .meta({
      default: '10m',
      description: 'how long ago a standby may have heard of it last, counted from now',
    }),
  restored: nodeAddress
    .optional()
    .describe('`host:port` of a server that was restored from its backup, which takes its place'),
  acceptDataLoss: z
    .string()
    .min(1)
    .max(2_000)
    .optional()
    .describe('the sentence that says what is lost, as the plan of a dry run gives it'),
})
  .superRefine(requireReason)
  .superRefine(oneWay)
  .superRefine(otherServers)
  .meta({
    examples: [
      { cluster: 'shop', node: 'db3:5432' },
      { cluster: 'shop', node: 'db3:5432', dryRun: true },
      { cluster: 'shop', node: 'db3:5432', standby: 'db3b:5432' },
    ],
  });

interface Fields {
  node: string;
  alsoDead?: string[] | undefined;
  standby?: string | undefined;
  restored?: string | undefined;
  acceptDataLoss?: string | undefined;
}

/** One way at a time, for one worker at a time. */
function oneWay(input: Fields, context: z.RefinementCtx): void {
  const [first, ...others] = ways.filter((field) => input[field] !== undefined);
  const [second] = others;
  if (second !== undefined)
    context.addIssue({
      code: 'custom',
      path: [second],
      params: { with: [first] },
      message: `goes without ${first}: a worker goes out by one way`,
    });
  if (input.alsoDead && first !== undefined && first !== 'acceptDataLoss')
    context.addIssue({
      code: 'custom',
      path: ['alsoDead'],
      params: { with: [first] },
      message: `goes without ${first}: a server takes the place of one dead worker at a time. Start once for each of them, with its own`,
    });
}

function otherServers({ node, alsoDead, standby, restored }: Fields, context: z.RefinementCtx): void {
  const refuse = (path: string): void =>
    context.addIssue({ code: 'custom', path: [path], message: `names ${node}, as the field node does` });
  if (alsoDead?.includes(node)) refuse('alsoDead');
  if (standby === node) refuse('standby');
  if (restored === node) refuse('restored');
}
