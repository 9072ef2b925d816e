import type { DrainWorkerInput, OperationReport } from '../contract/index.js';
import { planActivities, verifyActivities } from './activities.js';
import { operation } from './operation/operation.js';
import { moveSteps } from './operation/rounds.js';
import { approvalStep, markStep, nothingToDo, planStep } from './operation/steps.js';

/** Carries out `drainWorker`, see its row in contract/operations.ts. */
export async function drainWorker(input: DrainWorkerInput): Promise<OperationReport> {
  return operation('drainWorker', input, async (op) => {
    const { request } = op;
    const undo = request.input.undo === true;
    const steps = {
      check: 'Check the cluster',
      plan: 'Plan',
      approval: 'Approval',
      mark: undo ? 'Put back in service' : 'Take out of service',
      reference: 'Copy reference tables',
      move: 'Move shards',
      verify: 'Verify',
    };
    op.steps(Object.values(steps));
    op.about(request.input.nodes);
    await op.preflight(steps.check);
    if (op.dryRun && !op.plannable()) return;

    const draft = await planStep(op, steps.plan, () =>
      op.calls.run(planActivities.planDrain, 'Plan', { request }),
    );
    if (op.dryRun) return;
    if (draft.plan.movesTotal === 0 && draft.marks.length === 0) {
      nothingToDo(op, draft, nothingToChange(draft.leaving, undo));
      return;
    }
    await approvalStep(op, steps.approval, draft);

    await markStep(op, steps.mark, draft, undo ? 'in service already' : 'out of service already');
    await moveSteps(op, steps, draft);

    await op.step(steps.verify, async (step) => {
      const result = await op.calls.run(verifyActivities.verifyDrain, 'Verify', {
        request,
        nodes: draft.leaving.map(({ node }) => node),
        nodeIds: draft.leaving.map(({ nodeId }) => nodeId),
        undo,
      });
      op.verified(step, result);
    });
    await op.undo.keep('node-mark');
  });
}

function nothingToChange(leaving: { node: string }[], undo: boolean): string {
  const names = leaving.map(({ node }) => node).join(', ');
  return undo
    ? `in service already: ${names}`
    : `out of service already, and no shard that can move is left: ${names}`;
}
