import { CancellationScope, condition, isCancellation } from '@temporalio/workflow';
import type { ActivityOptions } from '@temporalio/workflow';
import type { Attention } from '../../contract/index.js';
import type { Status } from './status.js';
import { historyFull, isHistoryFull } from './history.js';
import { attentionOf, endingFailure, giveUpFailure, isLockLost } from './failure.js';

/** An activity as `proxyActivities` offers it. */
export interface ProxiedActivity<Input, Output> {
  executeWithOptions(options: ActivityOptions, args: [Input]): Promise<Output>;
}

/** What may be said of a call besides its input. */
export interface CallOptions extends Pick<ActivityOptions, 'taskQueue'> {
  /** Whether it may be stopped at any time and begun anew. */
  beginsAnew?: boolean;
}

/** A call whose activity runs, or is tried again. */
interface OpenCall {
  scope: CancellationScope;
  beginsAnew: boolean;
  /** A person has asked for it. */
  isStopped: boolean;
}

/**
 * Calls that don't give up by themselves: what passes is retried by Temporal; what a person must repair parks the
 * operation until `retry`, `giveUp` or a cancel.
 */
export interface Calls {
  /**
   * Runs an activity; `summary` is what the Temporal UI shows of it, as far as it fits. When the lock was lost it is run
   * again after `onLockLost`. One that `beginsAnew` is stopped and begun anew by `retry`, while it tells of trouble.
   */
  run: <Input, Output>(
    activity: ProxiedActivity<Input, Output>,
    summary: string,
    input: Input,
    options?: CallOptions,
  ) => Promise<Output>;
  /** Parks until `retry`; throws GivenUp, CancelledFailure, or HistoryFull when nothing more may be tried. */
  park: (id: string, attention: Attention) => Promise<void>;
  retry: () => void;
  /** Whether `retry` would do anything: something is parked, or may be begun anew. */
  readonly isRetryable: boolean;
  giveUp: (by: string, reason: string) => void;
  readonly isGivenUp: boolean;
  /** Whether it was given up so long ago that nothing more may be tried. */
  isOutOfTime: () => boolean;
  /** Waits for a condition, or throws GivenUp. */
  until: (condition: () => boolean) => Promise<void>;
  /** Waits while the operation is paused: until then nothing begins that moves data or can't be undone. */
  unpaused: () => Promise<void>;
  /** An activity tells that it has been retrying for a while, or that it is well again. */
  tell: (activityId: string, attention: Attention | undefined) => void;
  /** Takes the lock again after it was lost; set by the lock. */
  onLockLost: (() => Promise<void>) | undefined;
}

/** Milliseconds for which giving up waits for what runs to end; and for what the clean-up began after it. */
const cutPatience = 8_000;
const lateCutPatience = 500;
/** After giving up, each call of the clean-up may try for so long, and all of them together until the deadline. */
const tryPatience = 5_000;
const giveUpDeadline = 24_000;

/** The calls of an operation. */
export function createCalls(status: Status): Calls {
  let runs = 0;
  let retries = 0;
  let givingUp: { by: string; reason: string; at: number } | undefined;
  const openCalls = new Map<string, OpenCall>();
  const parked = new Set<string>();

  function failGivenUp(): never {
    const { by, reason } = givingUp ?? { by: 'nobody', reason: '' };
    throw giveUpFailure(status, `${by} gave up: ${reason}`);
  }

  const calls: Calls = {
    onLockLost: undefined,
    get isGivenUp() {
      return givingUp !== undefined;
    },
    isOutOfTime: () => givingUp !== undefined && Date.now() >= givingUp.at + giveUpDeadline,
    get isRetryable() {
      return parked.size > 0 || troubled().length > 0;
    },
    retry: () => {
      retries += 1;
      for (const call of troubled()) {
        call.isStopped = true;
        call.scope.cancel();
      }
    },
    giveUp: (by, reason) => {
      givingUp ??= { by, reason, at: Date.now() };
    },
    tell: (activityId, attention) => {
      if (attention && openCalls.has(activityId)) status.troubles.set(activityId, attention);
      else status.troubles.delete(activityId);
      status.publish();
    },

    async until(isReached) {
      await condition(() => isReached() || givingUp !== undefined);
      if (!isReached()) failGivenUp();
    },

    async unpaused() {
      if (status.paused) await calls.until(() => status.paused === undefined);
    },

    async park(id, attention) {
      if (isHistoryFull(status)) throw historyFull(status, attention.problem);
      const before = retries;
      parked.add(id);
      status.troubles.set(id, attention);
      status.publish();
      try {
        await calls.until(() => retries > before);
      } finally {
        parked.delete(id);
        status.troubles.delete(id);
        status.publish();
      }
    },

    async run(activity, summary, input, { beginsAnew = false, ...options } = {}) {
      runs += 1;
      const id = `${runs}`;
      for (let attempt = 1; ; attempt += 1) {
        const call: OpenCall = { scope: new CancellationScope(), beginsAnew, isStopped: false };
        try {
          // Activities tell by it that they may have been at work before.
          const activityId = attempt === 1 ? id : `${id}.${attempt}`;
          return await untilGivenUp(activityId, call, () =>
            activity.executeWithOptions({ ...options, summary: summary.slice(0, 200), activityId }, [input]),
          );
        } catch (error) {
          const isStopped = call.isStopped && !CancellationScope.current().consideredCancelled;
          if (isCancellation(error) && isStopped) continue;
          if (isCancellation(error) || endingFailure(error)) throw error;
          if (isLockLost(error) && calls.onLockLost) await calls.onLockLost();
          else await calls.park(id, attentionOf(error));
        }
      }
    },
  };

  /** What runs, tells of trouble and may be begun anew. */
  function troubled(): OpenCall[] {
    return [...openCalls].flatMap(([id, call]) => (call.beginsAnew && status.troubles.has(id) ? [call] : []));
  }

  /** Ends when the work ends or, soon, when the operation is given up: whatever is unreachable then. */
  async function untilGivenUp<T>(id: string, call: OpenCall, work: () => Promise<T>): Promise<T> {
    const { scope } = call;
    const result = scope.run(work);
    const outcome = { settled: false };
    const patience = givingUp ? lateCutPatience : cutPatience;
    const settle = (): void => {
      outcome.settled = true;
    };
    result.then(settle, settle);
    openCalls.set(id, call);
    try {
      // Not cancellable: a cancelled activity that changes something is waited for, so that nothing runs behind our back.
      await CancellationScope.nonCancellable(async () => {
        if (givingUp) await condition(() => outcome.settled, patienceLeft(givingUp.at));
        else await condition(() => outcome.settled || givingUp !== undefined);
      });
      if (!outcome.settled) {
        scope.cancel();
        await CancellationScope.nonCancellable(() => condition(() => outcome.settled, patience));
        failGivenUp();
      }
      return await result;
    } finally {
      openCalls.delete(id);
      if (status.troubles.delete(id)) status.publish();
    }
  }

  return calls;
}

/** The clean-up after giving up tries what can be reached, but not for long. At least a moment: a condition needs one. */
function patienceLeft(givenUpAt: number): number {
  return Math.max(1, Math.min(tryPatience, givenUpAt + giveUpDeadline - Date.now()));
}
