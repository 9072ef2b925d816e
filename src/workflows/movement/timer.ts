import { CancellationScope, sleep } from '@temporalio/workflow';

/** One timer at most, however often it is set. */
export interface Timer {
  /** Milliseconds since 1970; what was set before is dropped. */
  set: (at: number) => void;
  drop: () => void;
}

export function createTimer(ring: () => void): Timer {
  let current: { at: number; scope: CancellationScope } | undefined;
  const drop = (): void => {
    current?.scope.cancel();
    current = undefined;
  };
  return {
    set: (at) => {
      if (current?.at === at) return;
      drop();
      const mine = { at, scope: new CancellationScope() };
      current = mine;
      mine.scope
        .run(() => sleep(Math.max(1, at - Date.now())))
        .then(() => {
          if (current === mine) current = undefined;
          ring();
        })
        .catch(() => undefined);
    },
    drop,
  };
}
