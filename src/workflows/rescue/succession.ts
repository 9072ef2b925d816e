import type { SuccessionOrder } from '../../activities/rescue/succession/activities.js';
import { does } from '../../contract/index.js';
import { startAgain } from '../../contract/internal/start-again.js';
import { rescueActivities, successionActivities } from '../activities.js';
import type { HowLeft } from '../operation/how-left.js';
import type { Operation } from '../operation/op.js';

type Rescue = Operation<'emergencyRemoveWorker'>;

/** The steps of the operation in which another server takes the place of a dead worker. */
interface Steps {
  out: string;
  verify: string;
}

/**
 * Has another server take the place of a dead worker. The promotion of a standby can't be undone, nor can rows that are
 * written through the new server be taken back to the old one: what has begun goes on to its end.
 *
 * @param way a standby is promoted first, a backup brought up to date; what an earlier run has begun needs neither
 */
export async function succeed(
  op: Rescue,
  {
    steps,
    succession,
    way,
  }: { steps: Steps; succession: SuccessionOrder['succession']; way: 'standby' | 'restored' | 'begun' },
): Promise<void> {
  const { cluster, lockId } = op.request;
  const { from, to } = succession;
  const order: SuccessionOrder = { cluster, lockId, succession };
  await op.calls.unpaused();
  await op.passNoReturn(
    {
      why:
        way === 'standby'
          ? `${to} is promoted and takes the place of ${from}, which can't be undone`
          : `${to} takes the place of ${from}, which can't be undone`,
      last: true,
      howLeft: perhapsThere(op, order),
    },
    async (isNow) => {
      await op.step(steps.out, async (step) => {
        const fence = { cluster, lockId, node: from };
        op.note((await op.calls.run(rescueActivities.fenceDead, `Fence ${from}`, fence)).became);
        if (way === 'standby')
          await op.calls.run(successionActivities.promoteStandby, `Promote ${to}`, order);
        if (way === 'restored') await align(op, order);
        await op.calls.run(successionActivities.takePlace, `Put ${to} in the place of ${from}`, order);
        op.set({ removed: [from] });
        isNow(thereButNotKnown(op, order));
        await op.calls.run(successionActivities.settleSuccession, `Tell all nodes of ${to}`, order);
        step.detail = `${to} is in the place of ${from}`;
      });
      await op.step(steps.verify, async (step) => {
        op.verified(step, await op.calls.run(successionActivities.verifySuccession, 'Verify', order));
      });
    },
  );
}

/** What is on a restored server is as old as its backup. */
async function align(op: Rescue, order: SuccessionOrder): Promise<void> {
  const { from, to } = order.succession;
  const what = `Bring reference tables on ${to} up to date`;
  await op.calls.run(successionActivities.alignReferenceTables, what, order);
  op.note(
    `all shards of ${from} are as the backup of ${to} has them, and agree with one another; transactions over several workers that came after it are there in part, and rows may refer to rows that are gone`,
    `sequences on ${to} go on where the backup stood: rows that are inserted through that worker may get numbers that were given since`,
  );
}

function again(op: Rescue, { to }: SuccessionOrder['succession']) {
  // It may be no node's standby any more by which it would be found.
  const named = op.request.input.restored === undefined ? { standby: to } : {};
  return startAgain(op.request, 'start it again: it goes on from there', named);
}

function perhapsThere(op: Rescue, { cluster, succession }: SuccessionOrder): HowLeft {
  const { from, to } = succession;
  return {
    evidence: [
      `whether ${to} is in the place of ${from} is not known; it may take writes already, while no node knows it`,
    ],
    remedies: [again(op, succession), does('health', 'or look which of them is a node', { cluster })],
  };
}

function thereButNotKnown(op: Rescue, { succession }: SuccessionOrder): HowLeft {
  const { from, to } = succession;
  return {
    evidence: [`${to} is in the place of ${from}; other nodes may not know it yet`],
    remedies: [again(op, succession)],
  };
}
