import type { ScaleOutPlan } from '../../activities/plan/activities.js';
import { does } from '../../contract/index.js';
import { holdActivities, verifyActivities } from '../activities.js';
import type { HowLeft } from '../operation/how-left.js';
import type { Operation } from '../operation/op.js';
import { standbyStep, switchStep } from './standby.js';

/** The steps of a scale-out by clone, after its approval. */
export const splitSteps = {
  start: 'Start a standby',
  split: 'Split the shards',
  sequences: 'Give it its own sequences',
  verify: 'Verify',
} as const;

/** A standby of a worker becomes a worker beside it, and keeps a part of its shards. */
export async function splitOff(op: Operation<'scaleOut'>, draft: ScaleOutPlan): Promise<void> {
  const { cluster, lockId } = op.request;
  const node = draft.plan.replacement?.node ?? '';
  const entry = await standbyStep(op, splitSteps.start, draft, node, { splits: true });
  const { clone } = entry;
  await switchStep(op, splitSteps.split, entry, draft.share);
  const why = `${clone} is a worker with a part of the shards of ${node}, which can't be undone`;
  await op.passNoReturn({ why, last: true, isPast: true, howLeft: unsettled(cluster, clone) }, async () => {
    await op.undo.keep('hold', 'machine');
    await op.step(splitSteps.sequences, async (step) => {
      const order = { cluster, lockId, clone };
      await op.calls.run(holdActivities.settleSplit, `Give ${clone} its own sequences`, order);
      step.detail = 'inserts that enter there count in a range of its own';
    });
    await op.step(splitSteps.verify, async (step) => {
      const order = { request: { cluster, lockId }, nodeId: entry.nodeId, clone, splits: true as const };
      op.verified(step, await op.calls.run(verifyActivities.verifyReplacement, 'Verify', order));
    });
    op.note(`Citus drops the shards that ${node} and ${clone} have both, within a minute`);
  });
}

function unsettled(cluster: string, clone: string): HowLeft {
  return {
    evidence: [
      `${clone} is a worker; whether its sequences have a range of their own, and every node knows it, was not seen to the end`,
    ],
    remedies: [
      { text: 'on the coordinator: SELECT start_metadata_sync_to_all_nodes(); before clients connect to it' },
      does('health', 'see whether all nodes have the present metadata', { cluster }),
    ],
  };
}
