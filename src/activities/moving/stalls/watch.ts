import type { MoveProgress } from '../../../citus/moving/moves.js';
import type { ClusterConfig } from '../../../config/index.js';
import { remediesOf, type Attention } from '../../../contract/index.js';
import { diagnoseRunning } from './diagnose.js';
import { isFurther, standingOf, type Standing } from './standing.js';
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

/** Sees that a statement gets nowhere, finds out why on a connection of its own, and tells it. */
export function watchForStalls(
  cluster: ClusterConfig,
  scene: Scene,
  { message, channel, times }: Report,
): StallWatch {
  const endController = new AbortController();
  const stuckController = new AbortController();
  let best: Standing | undefined;
  let lastQuestionAt = 0;
  let stall: Stall | undefined;
  /** The problem that attention was asked for. */
  let reportedProblem: string | undefined;

  return {
    update: (pid, progress) => {
      const now = standingOf(progress, Date.now());
      if (best === undefined || isFurther(now, best)) {
        if (best !== undefined) withdraw();
        best = now;
        stall = undefined;
      } else if (now.at - Math.max(best.at, lastQuestionAt) >= times.quietMs) {
        lastQuestionAt = now.at;
        void find(best, { ...scene, ...(pid !== undefined && { pid }), ...lagOf(best, now) });
      }
      report(best);
    },
    get stall() {
      return stall;
    },
    stuck: stuckController.signal,
    end: () => endController.abort(),
  };

  function report(since: Standing): void {
    message(stall?.problem);
    // Each attention is an event, so the next one of the same activity takes twice as long.
    const isOver = Date.now() - since.at >= times.patienceMs * 2 ** channel.times;
    if (stall?.outlook !== 'heals' || reportedProblem === stall.problem || !isOver) return;
    reportedProblem = stall.problem;
    channel.attention(attentionOf(stall, since.at));
  }

  function withdraw(): void {
    channel.clear();
    reportedProblem = undefined;
  }

  async function find(since: Standing, details: Scene): Promise<void> {
    const cause = await diagnoseRunning(cluster, details, endController.signal);
    if (best !== since || endController.signal.aborted) return; // Progress came while we asked.
    stall = cause ?? unexplainedStall(since, details);
    if (stall.outlook === 'works') withdraw();
    if (stall.outlook === 'stuck') stuckController.abort();
    else report(since);
  }
}

function lagOf(best: Standing, now: Standing): Pick<Scene, 'lag'> {
  if (best.lagBytes === undefined || now.lagBytes === undefined) return {};
  return { lag: { best: { bytes: best.lagBytes, at: best.at }, now: { bytes: now.lagBytes, at: now.at } } };
}

function unexplainedStall({ at }: Standing, { what }: Scene): Stall {
  return {
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
