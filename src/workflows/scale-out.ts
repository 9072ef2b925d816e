import type { OperationReport, ScaleOutInput } from '../contract/index.js';
import { count } from '../text/figures.js';
import { planWithNodes, withNodes } from '../planning/planned-moves.js';
import {
  machineActivities,
  nodeActivities,
  planActivities,
  checkActivities,
  verifyActivities,
} from './activities.js';
import { operation } from './operation/operation.js';
import { approvalStep, moveSteps, planStep } from './operation/steps.js';

const steps = {
  check: 'Check the cluster',
  plan: 'Plan',
  approval: 'Approval',
  start: 'Start new workers',
  register: 'Register them',
  reference: 'Copy reference tables',
  move: 'Move shards',
  verify: 'Verify',
} as const;

/** Adds workers and spreads the data over them. Can be cancelled at any time: moved shards stay where they are. */
export async function scaleOut(input: ScaleOutInput): Promise<OperationReport> {
  return operation('scaleOut', input, async (op) => {
    const { request } = op;
    const { cluster, holdId } = request;
    op.steps(Object.values(steps));
    await op.preflight(steps.check);
    if (op.dryRun && !op.plannable()) return;

    const planned = await planStep(
      op,
      steps.plan,
      () => op.call(planActivities.planScaleOut, 'Plan', { request }),
      (plan) => `${count(plan.movesTotal, 'move')}, ${count(plan.newWorkers.length, 'new worker')}`,
    );
    if (op.dryRun) return;
    await approvalStep(op, steps.approval, planned);

    const machines = new Map<string, string>();
    const toStart = planned.toStart;
    if (toStart.length === 0) op.skip(steps.start, 'nothing to start');
    else {
      await op.step(steps.start, async (step) => {
        for (const { placeholder, key } of toStart) {
          op.onStop(`stop the machine of ${placeholder}`, async () => {
            const stopped = await op.call(
              machineActivities.stopUnused,
              `Stop ${machines.get(placeholder) ?? placeholder}`,
              { cluster, key, holdId },
            );
            op.note(...stopped.notes);
          });
          const { node } = await op.call(machineActivities.startMachine, `Start ${placeholder}`, {
            cluster,
            key,
            holdId,
          });
          machines.set(placeholder, node);
        }
        step.detail = [...machines.values()].join(', ');
        op.showPlan(planWithNodes(planned.plan, machines));
        const incoming = planned.incoming.flatMap((each) => {
          const node = machines.get(each.node);
          return node === undefined ? [] : [{ ...each, node }];
        });
        op.checked(
          await op.call(checkActivities.checkNewNodes, 'Check the new machines', {
            request,
            nodes: [...machines.values()],
            incoming,
          }),
        );
      });
    }

    const newWorkers = planned.plan.newWorkers.map((node) => machines.get(node) ?? node);
    op.about(newWorkers);
    if (newWorkers.length === 0) op.skip(steps.register, 'nothing to register');
    else {
      await op.step(steps.register, async (step) => {
        for (const node of newWorkers) {
          op.onStop(`deregister ${node}`, async () => {
            const gone = await op.call(
              nodeActivities.deregisterUnused,
              `Deregister ${node} if it holds no shard`,
              { cluster, node, holdId },
            );
            op.note(...gone.notes);
          });
        }
        step.detail = newWorkers.join(', ');
        await op.call(nodeActivities.registerNodes, `Register ${step.detail}`.slice(0, 200), {
          cluster,
          nodes: newWorkers,
          holdId,
        });
      });
    }

    const sources = await moveSteps(op, steps, withNodes(planned.round, machines), planned);

    await op.step(steps.verify, async (step) => {
      const order = {
        request,
        newWorkers,
        movesTotal: planned.plan.movesTotal,
        borrowed: op.wasBorrowed(),
        sources,
      };
      op.verified(step, await op.call(verifyActivities.verifyScaleOut, 'Verify', order));
    });
  });
}
