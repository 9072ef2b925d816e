import { CancellationScope, sleep } from '@temporalio/workflow';

/** One timer at most, however often it is set. */
export interface Timer {
  /** Milliseconds since 1970; what was set before is dropped. */
  set: (at: number) => void;
  drop: () => void;
}

export function createTimer(ring: () => void): Timer {
  let present: { at: number; scope: CancellationScope } | undefined;
  const drop = (): void => {
    present?.scope.cancel();
    present = undefined;
  };
  return {
    set: (at) => {
      if (present?.at === at) return;
      drop();
      const mine = { at, scope: new CancellationScope() };
      present = mine;
      mine.scope
        .run(() => sleep(Math.max(1, at - Date.now())))
        .then(() => {
          if (present === mine) present = undefined;
          ring();
        })
        .catch(() => undefined);
    },
    drop,
  };
}
