import { CancellationScope, isCancellation } from '@temporalio/workflow';
import { does, operationFacts, type Check, type Plan, type WindowCalendar } from '../../contract/index.js';
import type { OperationRequest } from '../../contract/internal/request.js';
import { formatBytes, formatSeconds } from '../../text/figures.js';
import { expectedSeconds } from '../../planning/next-batch.js';
import * as calendars from '../../planning/windows.js';
import { windowActivities } from '../activities.js';
import { noRoomForCopy } from './no-room.js';
import { createTimer } from './timer.js';
import { isCancelling, type Status } from '../operation/status.js';
import type { Calls } from '../operation/calls.js';

/** Id of the check that compares the largest move with the longest window. */
export const windowFits = 'window-fits';

/** The maintenance windows of a cluster, as an operation keeps to them. Without any, everything is open and nothing is asked. */
export interface Windows {
  /** Counts what may have changed the answers below. */
  readonly version: number;
  /** Asks the config, where it has windows; afterwards only when nothing is known any more or a window has opened. */
  refresh: (request: OperationRequest, anew?: boolean) => Promise<void>;
  /** Whether movements may run at a time: in milliseconds since 1970, by default now. */
  open: (at?: number) => boolean;
  /** Seconds that a move may take that starts now; undefined: any. */
  secondsLeft: () => number | undefined;
  /** Whether a move of so many seconds has room in any window. */
  hasRoom: (seconds: number) => boolean;
  longestSeconds: () => number;
  /** What the activity that moves has to know of closing time. */
  closing: () => { at: string; graceSeconds: number } | undefined;
  /** Sees to it that `version` changes when a window opens or closes. */
  wakeAtChange: () => void;
  stopWaking: () => void;
  /** Waits until a window is open. */
  untilOpen: (request: OperationRequest) => Promise<void>;
  /**
   * Runs what can't be cut into moves inside of windows; what isn't over then is stopped and begun again in the next.
   * `whenCut` runs in between.
   */
  inside: <T>(
    request: OperationRequest,
    deed: { work: () => Promise<T>; whenCut: () => Promise<void> },
  ) => Promise<T>;
  /** Why it can't be ignored, if so. */
  refuseIgnore: () => string | undefined;
  ignore: (by: string, reason: string) => void;
  /** A warning about moves that have no room in any window. */
  judge: (plan: Plan) => Check[];
}

export function createWindows(status: Status, calls: Calls): Windows {
  let calendar: WindowCalendar | undefined;
  let readAt = 0;
  let ignored: { by: string; reason: string } | undefined;
  let version = 0;
  const alarm = createTimer(() => {
    version += 1;
  });
  /** What binds the operation: nothing when it ignores the windows, or there are none (any more). */
  const bindingCalendar = (): WindowCalendar | undefined => (ignored ? undefined : calendar);

  const windows: Windows = {
    get version() {
      return version;
    },
    refresh: async (request, anew = false) => {
      if (request.hasWindows !== true || (calendar && ignored)) return;
      const first = readAt === 0;
      if (!first && !anew && (!calendar || !calendars.isOutdated(calendar, readAt, Date.now()))) return;
      if (first && request.input.window === 'ignore')
        ignore(request.input.requestedBy ?? 'the request', request.input.reason ?? '');
      readAt = Date.now();
      const answer = await calls.run(windowActivities.readWindows, 'When may data move?', {
        cluster: request.cluster,
        at: new Date(readAt).toISOString(),
      });
      calendar = answer ?? undefined;
      if (calendar) status.window = statusNow;
      else delete status.window;
      status.publish();
    },
    open: (at = Date.now()) => {
      const limits = bindingCalendar();
      return !limits || calendars.openAt(limits, at) !== undefined;
    },
    secondsLeft: () => {
      const limits = bindingCalendar();
      return limits && calendars.secondsLeft(limits, Date.now());
    },
    hasRoom: (seconds) => {
      const limits = bindingCalendar();
      return !limits || seconds <= calendars.longestSeconds(limits);
    },
    longestSeconds: () => (calendar ? calendars.longestSeconds(calendar) : 0),
    closing: () => {
      const limits = bindingCalendar();
      const at = limits && calendars.closingTime(limits, Date.now());
      return limits && at !== undefined ? { at, graceSeconds: limits.graceSeconds } : undefined;
    },
    wakeAtChange: () => {
      const limits = bindingCalendar();
      if (limits) alarm.set(calendars.nextChange(limits, Date.now()));
      else alarm.drop();
    },
    stopWaking: alarm.drop,

    untilOpen,
    async inside(request, { work, whenCut }) {
      for (let cuts = 1; ; cuts += 1) {
        await untilOpen(request);
        const outcome = await runUntilClosed(work);
        if (outcome.ended) return outcome.result;
        status.notes.push('the copy of reference tables was stopped when the maintenance window closed');
        await whenCut();
        if (cuts > 1) await calls.park('window', noRoomForCopy());
      }
    },

    refuseIgnore: () => {
      const { type } = status.view;
      if (!operationFacts(type).moves) return `a ${type} makes no moves: windows don’t bind it`;
      if (status.request && status.request.hasWindows !== true)
        return 'the cluster has no maintenance windows';
      if (status.request === undefined) return `it isn't known yet: the operation is ${status.view.state}`;
      return ignored && `ignored already, by ${ignored.by}`;
    },
    ignore: (by, reason) => {
      ignore(by, reason);
      if (status.troubles.has('window')) calls.retry();
      status.publish();
    },
    judge: ({ moves }) => {
      const limits = bindingCalendar();
      const largest = Math.max(0, ...moves.map(({ bytes }) => bytes));
      const seconds = expectedSeconds(largest);
      if (!limits || windows.hasRoom(seconds)) return [];
      return [
        {
          id: windowFits,
          severity: 'warning',
          ok: false,
          evidence: `the largest shard group (${formatBytes(largest)}) is expected to take ${formatSeconds(seconds)}, the longest maintenance window is ${formatSeconds(windows.longestSeconds())}`,
          remedy: does('ignoreWindow', 'make a window longer, or ignore them when it comes to that move'),
        },
      ];
    },
  };
  return windows;

  function ignore(by: string, reason: string): void {
    ignored = { by, reason };
    version += 1;
    status.notes.push(`the maintenance windows are ignored, by ${by}: ${reason}`);
  }

  function statusNow() {
    const now = calendar ? calendars.windowStatus(calendar, Date.now()) : { open: true };
    return ignored ? { ...now, ignored } : now;
  }

  /** One that was waited for doesn't end a pause that was made meanwhile. */
  async function untilOpen(request: OperationRequest): Promise<void> {
    await windows.refresh(request);
    try {
      while (!windows.open() || (status.waitsForWindow && status.paused)) {
        status.waitsForWindow = true;
        status.publish();
        if (!status.paused) windows.wakeAtChange();
        const before = { version: windows.version, paused: status.paused };
        await calls.until(() => windows.version !== before.version || status.paused !== before.paused);
        if (!status.paused) await windows.refresh(request);
      }
    } finally {
      status.waitsForWindow = false;
      windows.stopWaking();
      status.publish();
    }
  }

  async function runUntilClosed<T>(
    work: () => Promise<T>,
  ): Promise<{ ended: true; result: T } | { ended: false }> {
    const closing = windows.closing();
    if (!closing) return { ended: true, result: await work() };
    const scope = new CancellationScope();
    const cutOff = { off: false };
    const bell = createTimer(() => {
      // Ignored meanwhile, or open again.
      cutOff.off = !windows.open();
      if (cutOff.off) scope.cancel();
    });
    bell.set(Date.parse(closing.at) + closing.graceSeconds * 1_000);
    try {
      return { ended: true, result: await scope.run(work) };
    } catch (error) {
      if (cutOff.off && isCancellation(error) && !isCancelling(status.view)) return { ended: false };
      throw error;
    } finally {
      bell.drop();
    }
  }
}
