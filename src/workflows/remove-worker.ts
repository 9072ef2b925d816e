import type { OperationReport, RemoveWorkerInput } from '../contract/index.js';
import { planActivities, verifyActivities } from './activities.js';
import { leaveStep } from './nodes/leave.js';
import type { Operation } from './operation/op.js';
import { operation } from './operation/operation.js';
import { moveSteps } from './operation/rounds.js';
import { approvalStep, markStep, planStep } from './operation/steps.js';

const steps = {
  check: 'Check the cluster',
  plan: 'Plan',
  approval: 'Approval',
  mark: 'Take out of service',
  reference: 'Copy reference tables',
  move: 'Move shards',
  empty: 'Verify that they are empty',
} as const;
const removing = (node: string): string => `Remove ${node.toLowerCase()}`;

/** Carries out `removeWorker`, see its row in contract/operations.ts. */
export async function removeWorker(input: RemoveWorkerInput): Promise<OperationReport> {
  return operation('removeWorker', input, emptyAndRemove);
}

/** Empties workers, and takes them out one by one. */
export async function emptyAndRemove(op: Operation<'removeWorker'>): Promise<void> {
  const { request } = op;
  op.steps([...Object.values(steps), ...request.input.nodes.map(removing)]);
  op.about(request.input.nodes);
  await op.preflight(steps.check);
  if (op.dryRun && !op.plannable()) return;

  const draft = await planStep(op, steps.plan, () =>
    op.calls.run(planActivities.planDrain, 'Plan', { request }),
  );
  if (op.dryRun) return;
  await approvalStep(op, steps.approval, draft);

  await markStep(op, steps.mark, draft, 'out of service already');
  await moveSteps(op, steps, draft);
  await op.step(steps.empty, async (step) => {
    const order = {
      request,
      nodes: draft.leaving.map(({ node }) => node),
      nodeIds: draft.leaving.map(({ nodeId }) => nodeId),
      undo: false,
    };
    op.verified(step, await op.calls.run(verifyActivities.verifyDrain, 'Verify that they are empty', order));
  });

  const leaving = draft.leaving;
  for (const [index, node] of leaving.entries()) {
    await leaveStep(op, removing(node.node), node, {
      last: index === leaving.length - 1,
      only: leaving.length === 1,
      keepsMachine: request.input.keepMachine === true,
    });
    op.set({ removed: leaving.slice(0, index + 1).map((each) => each.node) });
  }
}
