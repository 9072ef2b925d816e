import type { BroughtTable } from '../activities/salvage/activities.js';
import type { OperationReport, SalvageWorkerInput } from '../contract/index.js';
import { count } from '../text/figures.js';
import { salvageActivities } from './activities.js';
import { operation } from './operation/operation.js';
import { nothingToDo, planStep } from './operation/steps.js';

const steps = {
  check: 'Check the cluster',
  plan: 'Plan',
  approval: 'Approval',
  fence: 'Fence it',
  bring: 'Bring its rows over',
} as const;

/** Carries out `salvageWorker`, see its row in contract/operations.ts. */
export async function salvageWorker(input: SalvageWorkerInput): Promise<OperationReport> {
  return operation('salvageWorker', input, async (op) => {
    const { request } = op;
    const { cluster, lockId } = request;
    const { node, tables: named = [] } = request.input;
    op.steps(Object.values(steps));
    op.about([node]);
    await op.preflight(steps.check);
    if (op.dryRun && !op.plannable()) return;

    const { plan, server, relations, isFenced } = await planStep(
      op,
      steps.plan,
      () => op.calls.run(salvageActivities.planSalvage, 'Plan', { request }),
      ({ salvage }) =>
        `${count(salvage?.missing ?? 0, 'row')} to bring over, ${count(salvage?.conflicts ?? 0, 'conflict')}`,
    );
    if (op.dryRun) return;
    const isOver = plan.salvage?.tables.every(
      ({ shards, shardsDone, why }) => why !== undefined || shards === shardsDone,
    );
    if (
      isFenced &&
      (relations.length === 0 || (isOver && plan.salvage?.tablesTotal === plan.salvage?.tables.length))
    ) {
      nothingToDo(op, { plan }, 'it is fenced, and what can be brought over was');
      return;
    }
    await op.step(steps.approval, () => op.approval(plan));
    op.act();

    const order = { cluster, lockId, node, server };
    await op.step(steps.fence, async () => {
      await op.calls.unpaused();
      await op.calls.run(salvageActivities.fenceReturned, `Fence ${node}`, order);
    });
    await op.step(steps.bring, async (step) => {
      const done: BroughtTable[] = [];
      for (const relation of relations) {
        await op.calls.unpaused();
        const call = { ...order, relation, named };
        done.push(await op.calls.run(salvageActivities.bringTable, `Bring rows of ${relation} over`, call));
        step.detail = `${done.length} of ${count(relations.length, 'table')}, ${count(sumOf(done), 'row')} brought over`;
      }
      op.note(...done.flatMap(linesOf));
      op.note(whatNext(node, done));
    });
    op.set({ after: plan.before });
  });
}

function sumOf(tables: readonly BroughtTable[]): number {
  return tables.reduce((sum, { brought }) => sum + brought, 0);
}

function linesOf({ table, there, same, brought, conflicts, left }: BroughtTable): string[] {
  const other =
    conflicts > 0 ? `, ${count(conflicts, 'row')} of which the cluster has another version and keeps it` : '';
  return [
    `${table}: ${count(there, 'row')} there, ${brought} brought over, ${same} were there already${other}`,
    ...left.map(({ shardId, why }) => `${table}, shard ${shardId}: nothing was brought over: ${why}`),
  ];
}

function whatNext(node: string, tables: readonly BroughtTable[]): string {
  const isLeft = tables.some(({ conflicts, left }) => conflicts > 0 || left.length > 0);
  return isLeft
    ? `${node} is fenced and holds rows that the cluster doesn't have: keep it until somebody has decided on them`
    : `${node} is fenced, and all its rows are in the cluster: it can be emptied, and be a worker again`;
}
