import type { OperationReport, RemoveWorkerInput } from '../contract/index.js';
import {
  machineActivities,
  planActivities,
  removalActivities,
  verifyActivities,
} from './operation/activities.js';
import { operation, type Operation } from './operation/operation.js';
import { approvalStep, markStep, moveSteps, planStep } from './operation/steps.js';

const steps = {
  check: 'Check the cluster',
  plan: 'Plan',
  approval: 'Approval',
  mark: 'Take out of service',
  reference: 'Copy reference tables',
  move: 'Move shards',
  empty: 'Verify that they are empty',
} as const;
const removing = (node: string): string => `Remove ${node}`;

/**
 * Empties workers as one plan, then takes them out of the cluster one by one and stops their machines. The point of no
 * return of each is its deregistration: a cancel before it leaves it in service, one after it stops before the next.
 */
export async function removeWorker(input: RemoveWorkerInput): Promise<OperationReport> {
  return operation('removeWorker', input, async (op) => {
    const { request } = op;
    op.steps([...Object.values(steps), ...request.input.nodes.map(removing)]);
    op.about(request.input.nodes);
    await op.step(steps.check, () => op.preflight());
    if (op.dryRun && !op.reachable()) return;

    const planned = await planStep(op, steps.plan, () =>
      op.call(planActivities.planDrain, 'Plan', { request }),
    );
    if (op.dryRun) return;
    await approvalStep(op, steps.approval, planned);

    await markStep(op, steps.mark, planned, 'out of service already');
    await moveSteps(op, steps, planned.packed, planned);
    await op.step(steps.empty, async (step) => {
      const order = {
        request,
        borrowed: op.wasBorrowed(),
        nodes: planned.leaving.map(({ node }) => node),
        undo: false,
      };
      op.verified(step, await op.call(verifyActivities.verifyDrain, 'Verify that they are empty', order));
    });

    const leaving = planned.leaving;
    for (const [index, node] of leaving.entries()) {
      const last = index === leaving.length - 1;
      const why = `${node.node} is being removed, which can't be undone${leaving.length > 1 ? ', and it is the last one' : ''}`;
      await op.passNoReturn({ why, last }, () => remove(op, node));
    }
  });
}

type Leaving = { node: string; nodeId: number; groupId: number };

async function remove(op: Operation<'removeWorker'>, leaving: Leaving): Promise<void> {
  const { cluster, holdId, input } = op.request;
  const { node } = leaving;
  await op.step(removing(node.toLowerCase()), async (step) => {
    const fate =
      input.keepMachine === true
        ? { stops: false, why: 'goes on running, as asked' }
        : await op.call(machineActivities.lookAtMachine, `May the machine of ${node} be stopped?`, {
            cluster,
            node,
          });
    const gone = await op.call(removalActivities.removeWorkerNode, `Deregister ${node}`, {
      cluster,
      holdId,
      node,
    });
    op.note(...gone.notes);
    if (fate.stops)
      await op.call(machineActivities.stopRemoved, `Stop the machine of ${node}`, { cluster, holdId, node });
    op.note(`${node} was taken out of the cluster; its machine ${fate.stops ? 'was stopped' : fate.why}`);
    const verified = await op.call(verifyActivities.verifyRemoval, `Is ${node} gone?`, {
      request: op.request,
      borrowed: [],
      removed: [leaving],
    });
    op.verified(step, verified);
  });
}
