import type { IsolateWorkerInput, OperationReport } from '../contract/index.js';
import { isolationActivities, planActivities, verifyActivities } from './activities.js';
import { operation } from './operation/operation.js';
import { nothingToDo, planStep } from './operation/steps.js';

/** Carries out `isolateWorker`, see its row in contract/operations.ts. */
export async function isolateWorker(input: IsolateWorkerInput): Promise<OperationReport> {
  return operation('isolateWorker', input, async (op) => {
    const { request } = op;
    const { cluster, lockId } = request;
    const { node, undo = false, acceptChecks = [] } = request.input;
    const steps = {
      check: 'Check the cluster',
      plan: 'Plan',
      approval: 'Approval',
      sync: undo ? 'Start metadata sync' : 'Stop metadata sync',
      verify: 'Verify',
    };
    op.steps(Object.values(steps));
    op.about([node]);
    await op.preflight(steps.check);
    if (op.dryRun && !op.plannable()) return;

    const { plan, whyNoMoves = '' } = await planStep(
      op,
      steps.plan,
      () => op.calls.run(planActivities.planIsolation, 'Plan', { request }),
      ({ isolatedWorkers, rejoinedWorkers }) =>
        isolatedWorkers || rejoinedWorkers
          ? undo
            ? `take ${node} back`
            : `isolate ${node}`
          : 'nothing to do',
    );
    if (op.dryRun) return;
    if (!plan.isolatedWorkers && !plan.rejoinedWorkers) {
      nothingToDo(op, { plan }, whyNoMoves);
      return;
    }
    await op.step(steps.approval, () => op.approval(plan));
    op.act();

    await op.step(steps.sync, async () => {
      await op.calls.unpaused();
      const entry = await op.calls.run(isolationActivities.planMetadataSync, 'Does it get the metadata?', {
        cluster,
        lockId,
        node,
        on: undo,
      });
      if (entry === null) return;
      // The lock keeper knows before anything is changed: whoever dies now, it is given back.
      await op.undo.add([entry]);
      await op.calls.run(isolationActivities.changeMetadataSync, `${steps.sync} to ${node}`, {
        cluster,
        lockId,
        entry,
        alsoAlive: acceptChecks.includes('isolated-node-away'),
      });
    });
    await op.step(steps.verify, async (step) => {
      const order = { request: { cluster, lockId }, node, undo };
      op.verified(step, await op.calls.run(verifyActivities.verifyIsolation, 'Verify', order));
    });
    await op.undo.keep('metadata-sync');
  });
}
