import type { OperationReport, ScaleOutInput } from '../contract/index.js';
import { count } from '../text/figures.js';
import { approvedWith } from '../planning/approved.js';
import { planWithNodes, withIds, withNodes } from '../planning/planned-moves.js';
import { planActivities, checkActivities, verifyActivities } from './activities.js';
import { awaitRegistered, registerStep, startMachines } from './nodes/join.js';
import { splitOff, splitSteps } from './nodes/split-off.js';
import { operation } from './operation/operation.js';
import { moveSteps } from './operation/rounds.js';
import { approvalStep, nothingToDo, planStep } from './operation/steps.js';

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

/** Carries out `scaleOut`, see its row in contract/operations.ts. */
export async function scaleOut(input: ScaleOutInput): Promise<OperationReport> {
  return operation('scaleOut', input, async (op) => {
    const { request } = op;
    const byClone = request.input.method === 'clone';
    const { check, plan, approval } = steps;
    op.steps(Object.values(byClone ? { check, plan, approval, ...splitSteps } : steps));
    await op.preflight(steps.check);
    if (op.dryRun && !op.plannable()) return;

    const draft = await planStep(
      op,
      steps.plan,
      () =>
        op.calls.run(planActivities.planScaleOut, 'Plan', {
          request,
          ...(op.byPatroni() && { waits: true }),
        }),
      ({ replacement, movesTotal, newWorkers }) =>
        replacement
          ? `${replacement.clone} takes ${count(movesTotal, 'shard group')} of ${replacement.node}`
          : `${count(movesTotal, 'move')}, ${count(newWorkers.length, 'new worker')}`,
    );
    if (op.dryRun) return;
    if (draft.plan.movesTotal === 0 && draft.plan.newWorkers.length === 0) {
      nothingToDo(op, draft, nothingToAdd(request.input, draft.whyNoMoves));
      return;
    }
    await approvalStep(op, steps.approval, draft);
    if (byClone) {
      await splitOff(op, draft);
      return;
    }

    let machines: ReadonlyMap<string, string> = new Map();
    const { toStart } = draft;
    if (toStart.length === 0) op.skip(steps.start, 'nothing to start');
    else {
      await op.step(steps.start, async (step) => {
        machines = await startMachines(op, toStart);
        step.detail = [...machines.values()].join(', ');
        op.showPlan(planWithNodes(draft.plan, machines));
        const incoming = draft.incoming.flatMap((each) => {
          const node = machines.get(each.node);
          return node === undefined ? [] : [{ ...each, node }];
        });
        op.checked(
          await op.calls.run(checkActivities.checkNewNodes, 'Check the new machines', {
            request,
            nodes: [...machines.values()],
            incoming,
          }),
        );
      });
    }

    const newWorkers = draft.plan.newWorkers.map((node) => machines.get(node) ?? node);
    op.about(newWorkers);
    let ids: Record<string, number> = {};
    if (newWorkers.length === 0) op.skip(steps.register, 'nothing to register');
    else if (op.byPatroni()) ids = await awaitRegistered(op, steps.register, newWorkers, draft.incoming);
    else await registerStep(op, steps.register, newWorkers);

    const sources = await moveSteps(op, steps, {
      ...draft,
      round: withIds(withNodes(draft.round, machines), ids),
      approved: approvedWith(draft.approved, machines, ids),
      keeps: ['registration', 'machine'],
    });

    // From here on they are what was asked for, whatever a verification says.
    await op.undo.keep('registration', 'machine');
    await op.step(steps.verify, async (step) => {
      const order = {
        request,
        newWorkers,
        ...(op.byPatroni() && { nodeIds: newWorkers.map((node) => ids[node] ?? 0) }),
        movesTotal: draft.plan.movesTotal,
        sources,
      };
      op.verified(step, await op.calls.run(verifyActivities.verifyScaleOut, 'Verify', order));
    });
  });
}

function nothingToAdd({ nodes }: ScaleOutInput, whyNoMoves = 'nothing moves'): string {
  const there =
    nodes === undefined
      ? 'the cluster has that many workers already'
      : `workers already: ${nodes.join(', ')}`;
  return `${there}; ${whyNoMoves}`;
}
