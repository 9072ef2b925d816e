import type { Draft } from '../../activities/plan/activities.js';
import type { Check, OperationType, Plan } from '../../contract/index.js';
import type { NodeMarkEntry } from '../../contract/internal/undo.js';
import { count } from '../../text/figures.js';
import type { PlannedMoves } from '../../planning/planned-moves.js';
import { nodeActivities, planActivities } from '../activities.js';
import type { Operation } from './op.js';

/** What every plan brings along, moves or not. */
type AnyDraft = Pick<Draft, 'plan' | 'notes'> & { checks?: Check[] };

/** Makes the plan and shows it, with what was found meanwhile. */
export async function planStep<Type extends OperationType, Plans extends AnyDraft>(
  op: Operation<Type>,
  name: string,
  make: () => Promise<Plans>,
  detail: (plan: Plan) => string = ({ movesTotal }) => count(movesTotal, 'move'),
): Promise<Plans> {
  return op.step(name, async (step) => {
    const draft = await make();
    const { plan } = draft;
    op.showPlan(plan);
    step.detail = detail(plan);
    op.note(...draft.notes);
    op.set({ before: plan.before });
    op.checked(draft.checks ?? []);
    return draft;
  });
}

/** Ends an operation of which the plan would change nothing: nobody is asked, and the report says why. */
export function nothingToDo<Type extends OperationType>(
  op: Operation<Type>,
  { plan }: { plan: Plan },
  why: string,
): void {
  op.skipPending(why);
  op.note(`nothing to do: ${why}`);
  op.set({ after: plan.before });
}

/** Waits for the approval, where one is required, and looks whether the plan is still possible then. */
export async function approvalStep<Type extends OperationType>(
  op: Operation<Type>,
  name: string,
  { plan, round }: { plan: Plan; round: PlannedMoves },
): Promise<void> {
  if (await op.step(name, () => op.approval(plan))) await confirmPlan(op, round, plan.newWorkers);
  op.act();
}

/** Looks whether the nodes of an approved plan are all still there. @throws PlanChanged */
export async function confirmPlan<Type extends OperationType>(
  { calls, request }: Operation<Type>,
  { nodes, nodeIds }: PlannedMoves,
  newWorkers: string[] = [],
): Promise<void> {
  const indexes = [...nodes.keys()].filter((index) => !newWorkers.includes(nodes[index] ?? ''));
  await calls.run(planActivities.confirmPlan, 'Is the plan still possible?', {
    request,
    nodes: indexes.map((index) => nodes[index] ?? ''),
    ...(nodeIds && { nodeIds: indexes.map((index) => nodeIds[index] ?? 0) }),
  });
}

/** Takes nodes out of service, or puts them back; those that are so already need nothing. */
export async function markStep<Type extends OperationType>(
  op: Operation<Type>,
  name: string,
  { marks, round }: { marks: NodeMarkEntry[]; round: PlannedMoves },
  already: string,
): Promise<void> {
  if (marks.length === 0) op.skip(name, already);
  else
    await op.step(name, async () => {
      await op.calls.unpaused();
      // Nodes with data don't stand out of service for hours before their data may move.
      if (round.moves.length > 0) await op.untilOpen();
      const { cluster, lockId } = op.request;
      // The plan may be days old: what is so by now stays so.
      const entries = await op.calls.run(nodeActivities.planMarks, 'How are they marked?', {
        cluster,
        lockId,
        marks,
      });
      if (entries.length === 0) return;
      // The lock keeper knows before anything is marked: whoever dies now, it is taken back.
      await op.undo.add(entries);
      await op.calls.run(nodeActivities.markNodes, `Mark ${entries.map(({ node }) => node).join(', ')}`, {
        cluster,
        lockId,
        entries,
      });
    });
}
