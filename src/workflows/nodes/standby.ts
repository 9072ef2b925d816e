import type { ReplacementPlan } from '../../activities/plan/activities.js';
import type { OperationType } from '../../contract/index.js';
import type { HoldEntry } from '../../contract/internal/undo.js';
import { planWithNodes } from '../../planning/planned-moves.js';
import { holdActivities } from '../activities.js';
import type { Operation } from '../operation/op.js';
import { startMachines } from './join.js';

type Standby = Pick<ReplacementPlan, 'plan' | 'toStart'>;

/**
 * Has a machine started as a standby of a worker, unless one is given, and looks what is to be held for it.
 *
 * @param how whether the standby is to become a worker beside the other, instead of taking its place
 */
export async function standbyStep<Type extends OperationType>(
  op: Operation<Type>,
  name: string,
  draft: Standby,
  node: string,
  how: Pick<HoldEntry, 'splits'> = {},
): Promise<HoldEntry> {
  const clone = await startStandby(op, name, draft, node);
  op.about([node, clone]);
  const { cluster, lockId } = op.request;
  const order = { cluster, lockId, node, clone, ...how };
  return op.calls.run(holdActivities.planHold, 'Which servers are to be held?', order);
}

async function startStandby<Type extends OperationType>(
  op: Operation<Type>,
  name: string,
  { plan, toStart }: Standby,
  node: string,
): Promise<string> {
  if (toStart.length === 0) {
    op.skip(name, 'it runs already');
    return plan.newWorkers[0] ?? '';
  }
  return op.step(name, async (step) => {
    const machines = await startMachines(op, toStart, node);
    const [clone = ''] = machines.values();
    step.detail = clone;
    op.showPlan(planWithNodes(plan, machines));
    const { cluster, input } = op.request;
    const order = { cluster, acceptChecks: input.acceptChecks, node, clone };
    op.checked(await op.calls.run(holdActivities.checkClone, 'Is it a standby?', order));
    return clone;
  });
}

/**
 * Holds all traffic, and has a standby take its worker's place meanwhile, or a part of its shards.
 *
 * @param share the part of the data that was approved to go, where it is split
 */
export async function switchStep<Type extends OperationType>(
  op: Operation<Type>,
  name: string,
  entry: HoldEntry,
  share?: number,
): Promise<void> {
  const { cluster, lockId } = op.request;
  const { clone } = entry;
  await op.step(name, async (step) => {
    await op.calls.unpaused();
    await op.untilOpen();
    // The lock keeper knows before anything is held: whoever dies now, a server that is not in service is fenced.
    await op.undo.add([entry]);
    const { heldMs } = await op.calls.run(holdActivities.holdTraffic, `Hold traffic, switch to ${clone}`, {
      cluster,
      lockId,
      entry,
      ...(share !== undefined && { share }),
    });
    step.detail = heldMs === undefined ? clone : `${clone}; traffic was held for ${heldMs} ms`;
  });
}
