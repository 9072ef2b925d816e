import type { Draft } from '../../activities/plan/activities.js';
import { blocks, does, type Check, type OperationType, type Plan } from '../../contract/index.js';
import type { AnyRequest } from '../../contract/internal/request.js';
import type { NodeMarkEntry, UndoKind } from '../../contract/internal/undo.js';
import { startAgain } from '../../contract/internal/start-again.js';
import { approvedAfter, type Approved } from '../../planning/approved.js';
import type { PlannedMoves } from '../../planning/planned-moves.js';
import { sourcesOf, type Sources } from '../../planning/sources.js';
import { count, formatBytes } from '../../text/figures.js';
import { planActivities } from '../activities.js';
import { isHistoryFullFailure } from './history.js';
import type { Operation } from './op.js';
import { confirmPlan } from './steps.js';

/** The moves of a plan, and what it was approved for. */
interface Movements extends Pick<Draft, 'plan' | 'round' | 'approved' | 'whyNoMoves'> {
  marks?: NodeMarkEntry[];
  /** What stays as it is when the history is full before all is moved; the rest is undone. */
  keeps?: UndoKind[];
}

/**
 * Makes the moves, and then what Citus would still move, as far as it is approved: a plan holds one round, and the world
 * changes meanwhile. What goes beyond is asked for anew, or left alone. Answers where the shards lay before.
 */
export async function moveSteps<Type extends OperationType>(
  op: Operation<Type>,
  names: { reference: string; move: string },
  movements: Movements,
): Promise<Sources | undefined> {
  try {
    return await moveAll(op, names, movements);
  } catch (error) {
    if (isHistoryFullFailure(error)) await op.undo.keep(...(movements.keeps ?? []));
    throw error;
  }
}

async function moveAll<Type extends OperationType>(
  op: Operation<Type>,
  names: { reference: string; move: string },
  { plan, round, approved, whyNoMoves = 'nothing to move', marks = [] }: Movements,
): Promise<Sources | undefined> {
  if (round.moves.length === 0) {
    op.skip(names.reference, 'nothing to move');
    op.skip(names.move, whyNoMoves);
    // Until a node is marked a new table may put shards there.
    return sourcesOf(marks.some(({ during }) => !during) ? await moveRemainder(op, plan, approved) : []);
  }
  await op.step(names.reference, () => op.readyToMove(round));
  await op.step(names.move, async (step) => {
    await op.move(round);
    step.detail = count(round.moves.length, 'move');
  });
  return sourcesOf([round, ...(await moveRemainder(op, plan, approvedAfter(approved, round)))]);
}

async function moveRemainder<Type extends OperationType>(
  op: Operation<Type>,
  plan: Plan,
  approved: Approved,
): Promise<PlannedMoves[]> {
  const request = op.request as unknown as AnyRequest;
  const rounds: PlannedMoves[] = [];
  let still = approved;
  const move = async (round: PlannedMoves, by: string): Promise<void> => {
    op.note(`a further round moved ${count(round.moves.length, 'shard group')} ${by}`);
    await op.step('Move the remainder', () => op.move(round));
    rounds.push(round);
    still = approvedAfter(still, round);
  };
  for (let before = Number.POSITIVE_INFINITY; ;) {
    const rest = await op.calls.run(planActivities.planRemainder, 'Is anything left to move?', {
      request,
      approved: still,
    });
    const { round, left, beyond } = rest;
    if (beyond) {
      if (!(await isApproved(op, plan, beyond))) return rounds;
      still = beyond.approved;
      before = Number.POSITIVE_INFINITY;
      await move(beyond.round, `of plan ${beyond.plan.hash}`);
      continue;
    }
    // A plan that doesn't get shorter won't end: a strategy may go on for ever, moving the same shards to and fro.
    if (round.moves.length === 0 || left >= before) return rounds;
    before = left;
    await move(round, 'that Citus planned after the last');
  }
}

/** Asks for what goes beyond the approved plan. Where nobody is to be asked, it is left alone and told. */
async function isApproved<Type extends OperationType>(
  op: Operation<Type>,
  first: Plan,
  beyond: Draft,
): Promise<boolean> {
  const { plan, checks, round } = beyond;
  const blockers = checks.filter(blocks);
  if (op.request.approval === 'auto' || blockers.length > 0) {
    const why = blockers.map(({ evidence }) => `: ${evidence}`).join('');
    op.checked([leftToMove(op, beyond, `nobody has approved that${why}`)]);
    return false;
  }
  const word = await op.step('Approval of the remainder', (step) => {
    step.detail = `Citus would move more than plan ${first.hash} was approved for`;
    return op.askAnew(plan, checks);
  });
  if (word.rejected !== undefined) {
    op.note(`${word.by} rejected plan ${plan.hash}: ${word.rejected}`);
    op.checked([leftToMove(op, beyond, `${word.by} rejected it`)]);
    return false;
  }
  op.note(`plan ${plan.hash} approved by ${word.by}`);
  await confirmPlan(op, round);
  return true;
}

function leftToMove<Type extends OperationType>(
  { request }: Operation<Type>,
  { plan, round, approved }: Draft,
  why: string,
): Check {
  const moves = `${count(plan.movesTotal, 'shard group')} (${formatBytes(plan.bytes)})`;
  const emptied = plan.drainedWorkers ?? [];
  const off = emptied.length > 0 ? `; shouldhaveshards is off on ${list(emptied)}` : '';
  return {
    id: 'left-to-move',
    severity: 'warning',
    ok: false,
    evidence: `Citus would still move ${moves} from ${list(approved.from)} to ${list(approved.to ?? round.nodes)}${off}. They stay where they are: ${why}`,
    remedy:
      request.type === 'rebalance'
        ? startAgain(request, 'move them, if that is wanted', { approval: undefined })
        : does('rebalance', 'move them, if that is wanted', { cluster: request.cluster }),
  };
}

function list(nodes: string[]): string {
  const more = nodes.length > 5 ? ` and ${nodes.length - 5} more` : '';
  return `${nodes.slice(0, 5).join(', ')}${more}`;
}
