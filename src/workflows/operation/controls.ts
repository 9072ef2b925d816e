import { defineQuery, defineSignal, defineUpdate, setHandler } from '@temporalio/workflow';
import type {
  Attention,
  GovernorNews,
  InputProblem,
  OperationStatus,
  UpdateArgs,
  UpdateName,
} from '../../contract/index.js';
import { problemLine, statusQuery } from '../../contract/index.js';
import { refused } from '../../failures.js';
import type { MayGoOnQuestion, MayMoveQuestion } from '../../contract/internal/may-move.js';
import type { Approval } from './approval.js';
import { isCancelling, type Board } from './status.js';
import type { MovementControls } from '../movement/movement.js';
import type { Calls } from './calls.js';

/** An activity tells that it has been failing for a while, or (without attention) that it is well again. */
export const troubleSignal = defineSignal<[activityId: string, attention: Attention | null]>('trouble');
/** The activity that watches the load tells that it allows another number of moves at once. */
export const governedSignal = defineSignal<[GovernorNews]>('governed');
/** Asked by the activity that makes moves, before each further one of its batch. */
export const mayMoveQuery = defineQuery<boolean, [MayMoveQuestion?]>('mayMove');
/** Asked by it once the maintenance window has closed: may the move that runs go on as if it were open? */
export const mayGoOnQuery = defineQuery<boolean, [MayGoOnQuestion]>('mayGoOn');

type Problem = InputProblem | undefined;

interface Control<Name extends UpdateName> {
  description: string;
  /** All that it takes: a misspelt field would be lost, and with it what it was to guard. */
  fields: readonly (keyof UpdateArgs[Name] & string)[];
  /** What is wrong with it, or what state the operation is in when it makes no sense now. */
  refuse: (args: UpdateArgs[Name]) => Problem;
  act: (args: UpdateArgs[Name]) => void;
}

/** Registers all handlers, synchronously and before the first await: messages may arrive with the start. */
export function registerControls(
  board: Board,
  caller: Calls,
  approval: Approval,
  movement: MovementControls,
): void {
  setHandler(defineQuery<OperationStatus>(statusQuery), () => board.status, {
    description: 'Everything about the operation',
  });
  setHandler(mayMoveQuery, (question) => movement.mayMove(question));
  setHandler(mayGoOnQuery, ({ at }) => movement.windows.open(Date.parse(at)));
  setHandler(governedSignal, (news) => movement.governed(news));
  setHandler(troubleSignal, (activityId, attention) => caller.tell(activityId, attention ?? undefined));

  const state = (): string => `the operation is ${board.status.state}`;
  const ended = (): Problem =>
    ['done', 'failed', 'cancelled'].includes(board.phase) || isCancelling(board.status)
      ? { text: state() }
      : undefined;
  const inTrouble = (): Problem =>
    board.troubles.size > 0 ? undefined : { text: `nothing needs attention: ${state()}` };

  control('approve', {
    description: 'Approve the plan shown: {by, planHash?}',
    fields: ['by', 'planHash'],
    refuse: ({ planHash }) => ended() ?? approval.refuse(planHash) ?? notAHash(planHash),
    act: ({ by }) => approval.approve(by),
  });
  control('reject', {
    description: 'Reject the plan shown, which ends the operation: {by, reason}',
    fields: ['by', 'reason'],
    refuse: ({ reason }) => missing('reason', reason) ?? ended() ?? approval.refuse(approval.asked),
    act: ({ by, reason }) => approval.reject(by, reason),
  });
  control('pause', {
    description:
      'Begin nothing more that moves data or can’t be undone: {by, reason?, now?}; now: true stops the running moves too',
    fields: ['by', 'reason', 'now'],
    refuse: ({ now }) => {
      if (now !== undefined && typeof now !== 'boolean')
        return { field: 'now', text: 'must be true or false' };
      if (board.paused && now !== true)
        return ended() ?? { text: `it is paused already, by ${board.paused.by}` };
      return ended();
    },
    act: ({ by, reason, now }) => {
      board.paused = reason === undefined ? { by } : { by, reason };
      board.notes.push(`paused by ${by}${reason === undefined ? '' : `: ${reason}`}`);
      if (now === true) movement.stopRunning();
      board.publish();
    },
  });
  control('resume', {
    description: 'Go on after a pause: {by}',
    fields: ['by'],
    refuse: () => ended() ?? (board.paused ? undefined : { text: `it is not paused: ${state()}` }),
    act: ({ by }) => {
      board.paused = undefined;
      board.notes.push(`resumed by ${by}`);
      board.publish();
    },
  });
  control('retry', {
    description: 'Try again what needs attention: {by}',
    fields: ['by'],
    refuse: () => inTrouble(),
    act: ({ by }) => {
      board.notes.push(`retried by ${by}`);
      caller.retry();
    },
  });
  control('giveUp', {
    description: 'Stop trying, the clean-up included; the operation ends as failed: {by, reason}',
    fields: ['by', 'reason'],
    refuse: ({ reason }) => missing('reason', reason) ?? inTrouble(),
    act: ({ by, reason }) => caller.giveUp(by, reason),
  });
  control('setParallelMoves', {
    description: 'How many moves may run at once: {by, n}',
    fields: ['by', 'n'],
    refuse: ({ n }) => {
      if (!Number.isInteger(n) || n < 1 || n > 64)
        return { field: 'n', text: 'must be a whole number from 1 to 64' };
      return ended() ?? (board.status.type === 'cleanUp' ? { text: 'a clean-up makes no moves' } : undefined);
    },
    act: ({ by, n }) => {
      movement.setParallelMoves(n);
      board.notes.push(`parallel moves set to ${n} by ${by}`);
      board.publish();
    },
  });
  control('ignoreWindow', {
    description: 'Move outside the maintenance windows too: {by, reason}',
    fields: ['by', 'reason'],
    refuse: ({ reason }) => missing('reason', reason) ?? ended() ?? whole(movement.windows.refuseIgnore()),
    act: ({ by, reason }) => movement.windows.ignore(by, reason),
  });
}

function control<Name extends UpdateName>(
  name: Name,
  { description, fields, refuse, act }: Control<Name>,
): void {
  setHandler(
    defineUpdate<undefined, [UpdateArgs[Name]]>(name),
    (args) => {
      act(args);
      return undefined;
    },
    {
      description,
      // Synchronous on purpose: what an async validator throws is never seen.
      validator: (args: unknown = {}) => {
        const problem =
          unlisted(fields, args) ??
          missing('by', (args as { by?: unknown }).by) ??
          refuse(args as UpdateArgs[Name]);
        if (problem) throw refused('InvalidInput', problemLine(problem), { problems: [problem] });
      },
    },
  );
}

function unlisted(fields: readonly string[], args: unknown): Problem {
  if (typeof args !== 'object' || args === null || Array.isArray(args))
    return { text: `it takes an object with ${fields.join(', ')}` };
  const [other] = Object.keys(args).filter((field) => !fields.includes(field));
  return other === undefined
    ? undefined
    : { field: other, text: `unknown field; allowed: ${fields.join(', ')}` };
}

function missing(field: string, value: unknown): Problem {
  return typeof value === 'string' && value.trim() !== '' ? undefined : { field, text: 'required: a text' };
}

function notAHash(planHash: unknown): Problem {
  return planHash === undefined || typeof planHash === 'string'
    ? undefined
    : { field: 'planHash', text: 'must be a text' };
}

function whole(text: string | undefined): Problem {
  return text === undefined ? undefined : { text };
}
