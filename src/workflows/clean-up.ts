import type { CleanUpInput, OperationReport } from '../contract/index.js';
import { count } from '../text/figures.js';
import { cleanUpActivities } from './activities.js';
import { operation } from './operation/operation.js';
import { nothingToDo, planStep } from './operation/steps.js';

const steps = {
  check: 'Check the cluster',
  plan: 'Plan',
  approval: 'Approval',
  citus: 'Let Citus clean up',
  remove: 'Remove the leftovers',
  verify: 'Verify',
} as const;

/** Carries out `cleanUp`, see its row in contract/operations.ts. */
export async function cleanUp(input: CleanUpInput): Promise<OperationReport> {
  return operation('cleanUp', input, async (op) => {
    const { request } = op;
    const { cluster, lockId } = request;
    op.steps(Object.values(steps));
    await op.preflight(steps.check);
    if (op.dryRun && !op.plannable()) return;

    const { plan, items } = await planStep(
      op,
      steps.plan,
      () => op.calls.run(cleanUpActivities.planCleanUp, 'Plan', { request }),
      ({ cleanupsTotal = 0 }) => count(cleanupsTotal, 'leftover'),
    );
    if (op.dryRun) return;
    if (items.length === 0) {
      nothingToDo(op, { plan }, 'there is nothing to remove');
      return;
    }
    await op.step(steps.approval, () => op.approval(plan));
    op.act();

    await op.step(steps.citus, async () => {
      await op.calls.unpaused();
      const result = await op.calls.run(cleanUpActivities.letCitusCleanUp, steps.citus, { cluster, lockId });
      op.note(...result.notes);
    });
    await op.step(steps.remove, async () => {
      await op.calls.unpaused();
      const result = await op.calls.run(cleanUpActivities.removeLeftovers, steps.remove, {
        cluster,
        lockId,
        items,
      });
      op.note(...result.notes);
    });
    await op.step(steps.verify, async (step) => {
      const result = await op.calls.run(cleanUpActivities.verifyCleanUp, 'Verify', { cluster, items });
      step.detail = result.detail;
      op.note(...result.notes);
      op.set({ after: plan.after });
    });
  });
}
