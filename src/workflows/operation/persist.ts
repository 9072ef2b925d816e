import { CancellationScope, condition, isCancellation, sleep } from '@temporalio/workflow';
import type { ActivityOptions } from '@temporalio/workflow';
import type { Attention } from '../../contract/index.js';
import type { Board } from './board.js';
import { attentionOf, endingFailure, isHoldLost, operationFailure } from './failure.js';

/** An activity as `proxyActivities` offers it. */
export interface ProxiedActivity<Input, Output> {
  executeWithOptions(options: ActivityOptions, args: [Input]): Promise<Output>;
}

/**
 * Calls that don't give up by themselves: what passes is retried by Temporal; what a person must repair parks the
 * operation until `retry`, `giveUp` or a cancel.
 */
export interface Caller {
  /** Runs an activity; `summary` is what the Temporal UI shows of it. */
  call: <Input, Output>(
    activity: ProxiedActivity<Input, Output>,
    summary: string,
    input: Input,
  ) => Promise<Output>;
  /** Parks until `retry`; throws GivenUp or CancelledFailure. */
  park: (id: string, attention: Attention) => Promise<void>;
  retry: () => void;
  giveUp: (by: string, reason: string) => void;
  readonly givenUp: boolean;
  /** Waits for a condition, or throws GivenUp. */
  until: (condition: () => boolean) => Promise<void>;
  /** An activity tells that it has been retrying for a while, or that it is well again. */
  tell: (activityId: string, attention: Attention | undefined) => void;
  /** Takes the hold again after it was lost; set by the hold. */
  onHoldLost: (() => Promise<void>) | undefined;
}

/** Seconds for which giving up waits for what runs to end. */
const giveUpPatience = '8s';

export function createCaller(board: Board): Caller {
  let calls = 0;
  let retries = 0;
  let abandoned: { by: string; reason: string } | undefined;
  const open = new Set<string>();

  function failGivenUp(): never {
    const { by, reason } = abandoned ?? { by: 'nobody', reason: '' };
    throw operationFailure('GivenUp', `${by} gave up: ${reason}`, { cluster: board.status.cluster });
  }

  const caller: Caller = {
    onHoldLost: undefined,
    get givenUp() {
      return abandoned !== undefined;
    },
    retry: () => {
      retries += 1;
    },
    giveUp: (by, reason) => {
      abandoned = { by, reason };
    },
    tell: (activityId, attention) => {
      if (attention && open.has(activityId)) board.troubles.set(activityId, attention);
      else board.troubles.delete(activityId);
      board.publish();
    },

    async until(reached) {
      await condition(() => reached() || abandoned !== undefined);
      if (!reached()) failGivenUp();
    },

    async park(id, attention) {
      const seen = retries;
      board.troubles.set(id, attention);
      board.publish();
      try {
        await caller.until(() => retries > seen);
      } finally {
        board.troubles.delete(id);
        board.publish();
      }
    },

    async call(activity, summary, input) {
      calls += 1;
      const id = `${calls}`;
      for (let attempt = 1; ; attempt += 1) {
        try {
          const activityId = attempt === 1 ? id : `${id}.${attempt}`;
          return await untilGivenUp(activityId, () =>
            activity.executeWithOptions({ summary, activityId }, [input]),
          );
        } catch (error) {
          if (isCancellation(error) || endingFailure(error)) throw error;
          if (isHoldLost(error) && caller.onHoldLost) await caller.onHoldLost();
          else await caller.park(id, attentionOf(error));
        }
      }
    },
  };

  /** Ends when the work ends or, soon, when the operation is given up: whatever is unreachable then. */
  async function untilGivenUp<T>(id: string, work: () => Promise<T>): Promise<T> {
    const scope = new CancellationScope();
    const running = scope.run(work);
    const outcome = { settled: false };
    const settle = (): void => {
      outcome.settled = true;
    };
    running.then(settle, settle);
    open.add(id);
    try {
      // Not cancellable: a cancelled activity that changes something is waited for, so that nothing runs behind our back.
      const stop = CancellationScope.nonCancellable(() =>
        condition(() => outcome.settled || abandoned !== undefined),
      );
      await Promise.race([running, stop]);
      if (abandoned && !outcome.settled) {
        scope.cancel();
        await CancellationScope.nonCancellable(() =>
          Promise.race([running.catch(() => undefined), sleep(giveUpPatience)]),
        );
        failGivenUp();
      }
      return await running;
    } finally {
      open.delete(id);
      if (board.troubles.delete(id)) board.publish();
    }
  }

  return caller;
}
