import { secondsToGo, wholeSeconds, type MoveSoFar } from '../../planning/move-seconds.js';

/** When the maintenance window of a batch closes. */
export interface ClosingOrder {
  /** ISO 8601 UTC */
  at: string;
  /** Seconds that a move may go on after closing, if it is expected to end by then. */
  graceSeconds: number;
  /** Seconds that each move is expected to take, in the order of the batch. */
  expectedSeconds: number[];
}

/** Sees to it that one running move ends with its window. */
export interface ClosingWatch {
  /** Aborted when the move is to be stopped. */
  signal: AbortSignal;
  /** Takes the move's progress in bytes, whenever Citus tells it. */
  update: (copiedBytes: number, bytes: number) => void;
  /** Seconds that the move takes in all, as far as can be told now. */
  neededSeconds: () => number;
  end: () => void;
}

/** Milliseconds between two looks at a move that goes on after closing time. */
const lookMs = 1_000;
const ignoredLookMs = 5_000;
/** Timers hold no more than 24 days. */
const longestTimerMs = 86_400_000;

/** Whether the window of the batch has closed. */
export function isClosed(closing: ClosingOrder | undefined): boolean {
  return closing !== undefined && Date.now() >= Date.parse(closing.at);
}

/** The move whose window is watched. */
export interface ClosingOptions {
  closing: ClosingOrder | undefined;
  /** Which move of the batch. */
  index: number;
  /** Whether an earlier attempt began it: what that one copied says nothing of the rate. */
  isAdopted: boolean;
  /** Whether it may go on as if the window were open: somebody may have ignored it meanwhile. */
  mayGoOn: () => Promise<boolean>;
}

/**
 * Watches one move: after closing time it goes on only while it is expected to end within the grace, or somebody lets
 * it.
 */
export function watchClosing({ closing, index, isAdopted, mayGoOn }: ClosingOptions): ClosingWatch {
  const startedAt = Date.now();
  const controller = new AbortController();
  const expected = closing?.expectedSeconds[index] ?? 0;
  let first = isAdopted ? undefined : 0;
  let latest: { copiedBytes: number; bytes: number } | undefined;
  let timer: NodeJS.Timeout | undefined;
  let isOver = false;

  const soFar = (): MoveSoFar => ({
    seconds: (Date.now() - startedAt) / 1_000,
    expectedSeconds: expected,
    ...(latest && {
      copiedBytes: latest.copiedBytes - (first ?? 0),
      leftBytes: Math.max(0, latest.bytes - latest.copiedBytes),
    }),
  });

  if (closing) {
    const closesAt = Date.parse(closing.at);
    const lastMoment = closesAt + closing.graceSeconds * 1_000;
    /** Milliseconds until the next look; undefined: it is to be stopped. */
    const patience = async (): Promise<number | undefined> => {
      const now = Date.now();
      if (now < closesAt) return closesAt - now;
      if (await mayGoOn()) return ignoredLookMs;
      const ends = now + secondsToGo(soFar()) * 1_000;
      return now < lastMoment && ends <= lastMoment ? Math.min(lookMs, lastMoment - now) : undefined;
    };
    const lookIn = (ms: number): void => {
      timer = setTimeout(
        () => {
          void patience().then((next) => {
            if (isOver) return;
            if (next === undefined) controller.abort();
            else lookIn(next);
          });
        },
        Math.min(ms, longestTimerMs),
      );
    };
    lookIn(Math.max(0, closesAt - startedAt));
  }

  return {
    signal: controller.signal,
    update: (copiedBytes, bytes) => {
      first ??= copiedBytes;
      latest = { copiedBytes, bytes };
    },
    neededSeconds: () => wholeSeconds(soFar(), latest?.bytes ?? 0),
    end: () => {
      isOver = true;
      clearTimeout(timer);
    },
  };
}
