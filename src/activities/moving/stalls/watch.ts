import type { MoveProgress } from '../../../citus/moving/moves.js';
import type { ClusterConfig } from '../../../config/index.js';
import { remediesOf, type Attention } from '../../../contract/index.js';
import { diagnoseRunning } from './diagnose.js';
import { isFurther, keepBest, standingOf, type Standing } from './standing.js';
import type { Scene, Stall } from './stall.js';
import type { AttentionChannel } from './attention-channel.js';

/** When a statement that gets nowhere is looked into, and when a person is told. */
export interface StallTimes {
  /** Milliseconds without any progress after which its cause is looked for, and again as often. */
  quietMs: number;
  /** Milliseconds without any progress after which it is shown as needing attention. */
  patienceMs: number;
}

/** The times of a worker in service: a look after 10 s, attention after 60 s. */
export const usualStallTimes: StallTimes = { quietMs: 10_000, patienceMs: 60_000 };

/** Where it is reported. */
export interface Report {
  /** What holds it up, or undefined when nothing does. */
  message: (message: string | undefined) => void;
  channel: AttentionChannel;
  times: StallTimes;
}

/** The watch over one statement. */
export interface StallWatch {
  /** Each look at the statement: its process, and what Citus tells of its progress, if it does. */
  update: (pid: number | undefined, progress: MoveProgress | undefined) => void;
  /** Why it gets nowhere, while it does. */
  readonly stall: Stall | undefined;
  /** Aborted when the statement can never get anywhere. */
  readonly stuck: AbortSignal;
  /** The statement has ended. */
  end: () => void;
}

/**
 * Sees that a statement gets nowhere, finds out why on a connection of its own, and tells it. What was found stands until
 * it is gone: until a look after progress doesn't find it, or two looks in a row don't.
 */
export function watchForStalls(
  cluster: ClusterConfig,
  scene: Scene,
  { message, channel, times }: Report,
  ask = diagnoseRunning,
): StallWatch {
  const endController = new AbortController();
  const stuckController = new AbortController();
  let best: Standing | undefined;
  let lastQuestionAt = 0;
  let isAsking = false;
  let stall: Stall | undefined;
  /** Since when nothing has changed but what holds it up. */
  let since = 0;
  /** The cause that another look has found, or that it found none. */
  let doubt: string | undefined;
  /** The cause that attention was asked for. */
  let reported: string | undefined;

  return {
    update: (pid, progress) => {
      const now = standingOf(progress, Date.now());
      const isProgress = best === undefined || isFurther(now, best);
      const lag = best === undefined || isProgress ? {} : lagOf(best, now);
      if (isProgress) {
        best = keepBest(now, best);
        if (!isKnown(stall)) settle(undefined);
      }
      const isDue = now.at - Math.max(since, lastQuestionAt) >= times.quietMs;
      if (!isAsking && (isProgress ? isKnown(stall) && now.at - lastQuestionAt >= recheckMs : isDue))
        void find({ ...scene, ...(pid !== undefined && { pid }), ...lag }, isProgress);
      report();
    },
    get stall() {
      return stall;
    },
    stuck: stuckController.signal,
    end: () => endController.abort(),
  };

  function report(): void {
    message(stall?.problem);
    // Each attention is an event, so the next one of the same activity takes twice as long.
    const isOver = Date.now() - since >= times.patienceMs * 2 ** channel.times;
    if (stall?.outlook !== 'heals' || reported === stall.cause || !isOver) return;
    reported = stall.cause;
    channel.attention(attentionOf(stall, since));
  }

  /** From now on this holds it up, or nothing does. */
  function settle(found: Stall | undefined): void {
    if (found === undefined) since = best?.at ?? Date.now();
    if (found?.outlook !== 'heals' && reported !== undefined) {
      channel.clear();
      reported = undefined;
    }
    stall = found;
    doubt = undefined;
  }

  async function find(details: Scene, isProgress: boolean): Promise<void> {
    const before = best;
    lastQuestionAt = Date.now();
    isAsking = true;
    try {
      const found = await ask(cluster, details, endController.signal);
      if (!endController.signal.aborted) judge(found, isProgress || best !== before);
    } catch {
      // The coordinator is away, or the time is over: what was found stands, and the statement itself will tell.
    } finally {
      isAsking = false;
    }
  }

  function judge(found: Stall | undefined, isProgress: boolean): void {
    const isOther = found?.cause !== stall?.cause;
    if (isProgress && isOther) {
      settle(undefined);
      return;
    }
    const isNews = isOther && isKnown(stall);
    const doubted = found?.cause ?? '';
    // What ends the statement needs no second look: the questions for it look at what never comes back.
    const ends = found?.outlook === 'stuck' || found?.outlook === 'anew';
    if (isNews && !ends && doubt !== doubted) {
      doubt = doubted;
      return;
    }
    settle(found ?? unexplainedStall(since, scene));
    if (ends) stuckController.abort();
    else report();
  }
}

/** Milliseconds after which what holds up a statement is looked for again while it makes progress. */
const recheckMs = 1_000;

/** Whether a cause was found. */
function isKnown(stall: Stall | undefined): boolean {
  return stall !== undefined && stall.cause !== unexplained;
}

function lagOf(best: Standing, now: Standing): Pick<Scene, 'lag'> {
  if (best.lagBytes === undefined || now.lagBytes === undefined) return {};
  return { lag: { best: { bytes: best.lagBytes, at: best.at }, now: { bytes: now.lagBytes, at: now.at } } };
}

const unexplained = 'unexplained';

function unexplainedStall(at: number, { what }: Scene): Stall {
  return {
    cause: unexplained,
    problem: `no progress since ${timeOf(at)}, and nothing was found that holds it up`,
    evidence: [what],
    remedies: [],
    outlook: 'works',
  };
}

function attentionOf({ problem, evidence, remedies }: Stall, since: number): Attention {
  const lines = [...evidence, `no progress since ${timeOf(since)}; it goes on by itself`];
  return { problem, evidence: lines.join('\n'), remedies: remediesOf(...remedies) };
}

function timeOf(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19)}Z`;
}
