import { defineQuery, defineUpdate, setHandler } from '@temporalio/workflow';
import type { InputProblem, OperationStatus, UpdateArgs, UpdateName } from '../../contract/index.js';
import {
  argumentProblem,
  describeUpdate,
  isOver,
  operationFacts,
  problemLine,
  statusQuery,
  updateNames,
} from '../../contract/index.js';
import type { MayGoOnQuestion, MayMoveQuestion } from '../../contract/internal/may-move.js';
import { refused } from '../../failures.js';
import type { MovementControls } from '../movement/movement.js';
import { governedSignal, progressSignal, troubleSignal } from '../signals.js';
import type { Approval } from './approval.js';
import type { Calls } from './calls.js';
import { isCancelling, type Status } from './status.js';

/** Asked by the activity that makes moves, before each further one of its batch. */
const mayMoveQuery = defineQuery<boolean, [MayMoveQuestion?]>('mayMove');
/** Asked by it once the maintenance window has closed: may the move that runs go on as if it were open? */
const mayGoOnQuery = defineQuery<boolean, [MayGoOnQuestion]>('mayGoOn');

type Problem = InputProblem | undefined;

interface Control<Name extends UpdateName> {
  /** What is wrong with it, or what state the operation is in when it makes no sense now. */
  refuse: (args: UpdateArgs[Name]) => Problem;
  act: (args: UpdateArgs[Name]) => void;
}

/** What each update does: what else is known of it stands in contract/updates.ts. */
type Controls = { [Name in UpdateName]: Control<Name> };

/** Registers all handlers, synchronously and before the first await: messages may arrive with the start. */
export function registerControls(
  status: Status,
  calls: Calls,
  approval: Approval,
  movement: MovementControls,
): void {
  setHandler(defineQuery<OperationStatus>(statusQuery), () => status.view, {
    description: 'Everything about the operation',
  });
  setHandler(mayMoveQuery, (question) => movement.mayMove(question));
  setHandler(mayGoOnQuery, ({ at }) => movement.windows.open(Date.parse(at)));
  setHandler(governedSignal, (news) => movement.followLoad(news));
  setHandler(progressSignal, (news) => movement.hearProgress(news));
  setHandler(troubleSignal, (activityId, attention) => calls.tell(activityId, attention ?? undefined));

  const state = (): string => `the operation is ${status.view.state}`;
  const refuseWhenOver = (): Problem =>
    isOver(status.phase) || isCancelling(status.view) ? { text: state() } : undefined;
  const refuseWithoutTrouble = (): Problem =>
    status.troubles.size > 0 ? undefined : { text: `nothing needs attention: ${state()}` };

  const controls: Controls = {
    approve: {
      refuse: ({ planHash }) => refuseWhenOver() ?? approval.refuse(planHash),
      act: ({ by, backup }) => approval.approve(by, backup),
    },
    reject: {
      refuse: () => refuseWhenOver() ?? approval.refuse(approval.pendingHash),
      act: ({ by, reason }) => approval.reject(by, reason),
    },
    pause: {
      refuse: ({ now }) =>
        refuseWhenOver() ??
        (status.paused && now !== true
          ? { text: `it is paused already, by ${status.paused.by}` }
          : undefined),
      act: ({ by, reason, now }) => {
        status.paused = reason === undefined ? { by } : { by, reason };
        status.notes.push(`paused by ${by}${reason === undefined ? '' : `: ${reason}`}`);
        if (now === true) movement.stopRunning();
        status.publish();
      },
    },
    resume: {
      refuse: () =>
        refuseWhenOver() ?? (status.paused ? undefined : { text: `it is not paused: ${state()}` }),
      act: ({ by }) => {
        status.paused = undefined;
        status.notes.push(`resumed by ${by}`);
        status.publish();
      },
    },
    retry: {
      refuse: () =>
        refuseWithoutTrouble() ??
        (calls.isRetryable
          ? undefined
          : {
              text: 'what needs attention goes on by itself as soon as its cause is gone: a retry would change nothing',
            }),
      act: ({ by }) => {
        status.notes.push(`retried by ${by}`);
        calls.retry();
      },
    },
    giveUp: {
      refuse: () => refuseWithoutTrouble(),
      act: ({ by, reason }) => calls.giveUp(by, reason),
    },
    setParallelMoves: {
      refuse: () => {
        const { type } = status.view;
        return (
          refuseWhenOver() ?? (operationFacts(type).moves ? undefined : { text: `a ${type} makes no moves` })
        );
      },
      act: ({ by, n }) => {
        movement.setParallelMoves(n);
        status.notes.push(`parallel moves set to ${n} by ${by}`);
        status.publish();
      },
    },
    ignoreWindow: {
      refuse: () => {
        const text = movement.windows.refuseIgnore();
        return refuseWhenOver() ?? (text === undefined ? undefined : { text });
      },
      act: ({ by, reason }) => movement.windows.ignore(by, reason),
    },
  };
  for (const name of updateNames) register(name, controls);
}

function register<Name extends UpdateName>(name: Name, controls: Controls): void {
  const { refuse, act }: Control<Name> = controls[name];
  setHandler(
    defineUpdate<undefined, [UpdateArgs[Name]]>(name),
    (args) => {
      act(args);
      return undefined;
    },
    {
      description: describeUpdate(name),
      // Synchronous on purpose: what an async validator throws is never seen.
      validator: (args: unknown = {}) => {
        const problem = argumentProblem(name, args) ?? refuse(args as UpdateArgs[Name]);
        if (problem) throw refused('InvalidInput', problemLine(problem), { problems: [problem] });
      },
    },
  );
}
