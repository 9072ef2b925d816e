import type { OperationReport, RebalanceInput } from '../contract/index.js';
import { planActivities, verifyActivities } from './activities.js';
import { operation } from './operation/operation.js';
import { moveSteps } from './operation/rounds.js';
import { approvalStep, nothingToDo, planStep } from './operation/steps.js';

const steps = {
  check: 'Check the cluster',
  plan: 'Plan',
  approval: 'Approval',
  reference: 'Copy reference tables',
  move: 'Move shards',
  verify: 'Verify',
} as const;

/** Carries out `rebalance`, see its row in contract/operations.ts. */
export async function rebalance(input: RebalanceInput): Promise<OperationReport> {
  return operation('rebalance', input, async (op) => {
    const { request } = op;
    op.steps(Object.values(steps));
    await op.preflight(steps.check);
    if (op.dryRun && !op.plannable()) return;

    const draft = await planStep(op, steps.plan, () =>
      op.calls.run(planActivities.planRebalance, 'Plan', { request }),
    );
    if (op.dryRun) return;
    if (draft.plan.movesTotal === 0) {
      nothingToDo(op, draft, draft.whyNoMoves ?? 'Citus plans no move');
      return;
    }
    await approvalStep(op, steps.approval, draft);
    const sources = await moveSteps(op, steps, draft);

    await op.step(steps.verify, async (step) => {
      const result = await op.calls.run(verifyActivities.verifyRebalance, 'Verify', {
        request,
        movesTotal: draft.plan.movesTotal,
        strategy: request.input.strategy,
        // Emptying nodes may well leave the others less even than before.
        ...(request.input.drainOnly !== true && { sources }),
      });
      op.verified(step, result);
    });
  });
}
