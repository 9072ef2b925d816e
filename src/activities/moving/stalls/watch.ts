import type { MoveProgress } from '../../../citus/moving/moves.js';
import type { ClusterConfig } from '../../../config/index.js';
import { remediesOf, type Attention } from '../../../contract/index.js';
import { diagnoseRunning } from './diagnose.js';
import { isFurther, standing, type Standing } from './standing.js';
import type { Scene, Stall } from './stall.js';
import type { Telling } from './telling.js';

/** When a statement that gets nowhere is looked into, and when a person is told. */
export interface StallTimes {
  /** Milliseconds without any progress after which its cause is looked for, and again as often. */
  quietMs: number;
  /** Milliseconds without any progress after which it is shown as needing attention. */
  patienceMs: number;
}

export const usualStallTimes: StallTimes = { quietMs: 10_000, patienceMs: 60_000 };

/** Where it is reported. */
export interface Report {
  /** What holds it up, or undefined when nothing does. */
  message: (message: string | undefined) => void;
  telling: Telling;
  times: StallTimes;
}

export interface StallWatch {
  /** Each look at the statement: its process, and what Citus tells of its progress, if it does. */
  seen: (pid: number | undefined, progress: MoveProgress | undefined) => void;
  /** Why it gets nowhere, while it does. */
  readonly stall: Stall | undefined;
  /** Aborted when the statement can never get anywhere. */
  readonly stuck: AbortSignal;
  /** The statement has ended. */
  end: () => void;
}

/** Sees that a statement gets nowhere, finds out why on a connection of its own, and tells it. */
export function watchForStalls(
  cluster: ClusterConfig,
  scene: Scene,
  { message, telling, times }: Report,
): StallWatch {
  const ended = new AbortController();
  const stuck = new AbortController();
  let best: Standing | undefined;
  let askedAt = 0;
  let stall: Stall | undefined;
  /** The problem that attention was asked for. */
  let told: string | undefined;

  return {
    seen: (pid, progress) => {
      const now = standing(progress, Date.now());
      if (best === undefined || isFurther(now, best)) {
        if (best !== undefined) withdraw();
        best = now;
        stall = undefined;
      } else if (now.at - Math.max(best.at, askedAt) >= times.quietMs) {
        askedAt = now.at;
        void find(best, { ...scene, ...(pid !== undefined && { pid }), ...lagOf(best, now) });
      }
      report(best);
    },
    get stall() {
      return stall;
    },
    stuck: stuck.signal,
    end: () => ended.abort(),
  };

  function report(since: Standing): void {
    message(stall?.problem);
    // Each attention is an event, so the next one of the same activity takes twice as long.
    const isOver = Date.now() - since.at >= times.patienceMs * 2 ** telling.times;
    if (stall?.outlook !== 'heals' || told === stall.problem || !isOver) return;
    told = stall.problem;
    telling.attention(attentionOf(stall, since.at));
  }

  function withdraw(): void {
    telling.well();
    told = undefined;
  }

  async function find(since: Standing, seen: Scene): Promise<void> {
    const found = await diagnoseRunning(cluster, seen, ended.signal);
    if (best !== since || ended.signal.aborted) return; // Progress came while we asked.
    stall = found ?? nothingFound(since, seen);
    if (stall.outlook === 'works') withdraw();
    if (stall.outlook === 'stuck') stuck.abort();
    else report(since);
  }
}

function lagOf(best: Standing, now: Standing): Pick<Scene, 'lag'> {
  if (best.lagBytes === undefined || now.lagBytes === undefined) return {};
  return { lag: { best: { bytes: best.lagBytes, at: best.at }, now: { bytes: now.lagBytes, at: now.at } } };
}

function nothingFound({ at }: Standing, { what }: Scene): Stall {
  return {
    problem: `no progress since ${timeOf(at)}, and nothing was found that holds it up`,
    evidence: [what],
    remedies: [],
    outlook: 'works',
  };
}

function attentionOf({ problem, evidence, remedies }: Stall, since: number): Attention {
  const seen = [...evidence, `no progress since ${timeOf(since)}; it goes on by itself`];
  return { problem, evidence: seen.join('\n'), remedies: remediesOf(...remedies) };
}

function timeOf(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19)}Z`;
}
