import type { Draft } from '../../activities/plan/activities.js';
import type { Check, OperationType, Plan } from '../../contract/index.js';
import type { AnyRequest } from '../../contract/internal/request.js';
import type { NodeMarkEntry } from '../../contract/internal/undo.js';
import { count } from '../../text/figures.js';
import type { PlannedMoves } from '../../planning/planned-moves.js';
import { sourcesOf, type Sources } from '../../planning/sources.js';
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
  if (await op.step(name, () => op.approval(plan))) {
    await op.calls.run(planActivities.confirmPlan, 'Is the plan still possible?', {
      request: op.request,
      nodes: round.nodes.filter((node) => !plan.newWorkers.includes(node)),
    });
  }
  op.act();
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

/**
 * Makes the moves, and then what Citus would still move: a plan holds one round, and the world changed meanwhile.
 * Answers where the shards lay before.
 */
export async function moveSteps<Type extends OperationType>(
  op: Operation<Type>,
  names: { reference: string; move: string },
  round: PlannedMoves,
  { plan, whyNoMoves, marks = [] }: { plan: Plan; whyNoMoves?: string; marks?: NodeMarkEntry[] },
): Promise<Sources | undefined> {
  if (round.moves.length === 0) {
    op.skip(names.reference, 'nothing to move');
    op.skip(names.move, whyNoMoves ?? 'nothing to move');
    // Until a node is marked a new table may put shards there.
    return sourcesOf(marks.some(({ during }) => !during) ? await moveRemainder(op) : []);
  }
  await op.step(names.reference, () => op.readyToMove(round));
  await op.step(names.move, async (step) => {
    await op.move(round);
    step.detail = count(plan.movesTotal, 'move');
  });
  return sourcesOf([round, ...(await moveRemainder(op))]);
}

async function moveRemainder<Type extends OperationType>(op: Operation<Type>): Promise<PlannedMoves[]> {
  const request = op.request as unknown as AnyRequest;
  const rounds: PlannedMoves[] = [];
  for (let before = Number.POSITIVE_INFINITY; ;) {
    const rest = await op.calls.run(planActivities.planRemainder, 'Is anything left to move?', { request });
    // A plan that doesn't get shorter won't end: a strategy may go on for ever, moving the same shards to and fro.
    if (rest.round.moves.length === 0 || rest.left >= before) return rounds;
    before = rest.left;
    op.note(
      `a further round moved ${count(rest.movesTotal, 'shard group')} that Citus planned after the last`,
    );
    await op.step('Move the remainder', () => op.move(rest.round));
    rounds.push(rest.round);
  }
}
