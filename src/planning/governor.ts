import type { GovernorLimit, LoadFigure } from '../contract/index.js';

/**
 * The number of moves at once that the load allows, and what it depends on: one more when the load has been low for a
 * while, half as many when it is over its limit, none as the last step. It begins low and rises soon until it meets
 * the limit for the first time. Times are milliseconds since 1970.
 */
export interface GovernorState {
  parallelMoves: number;
  /** Rises while a figure is over its limit, and falls while all are low. */
  heat: number;
  /** Samples in a row in which all figures were low. */
  calm: number;
  changedAt: number;
  /** Whether the load was over its limit before: until then nobody knows what the cluster bears, and steps up follow soon. */
  met: boolean;
}

/** The figures of the load at a time, in milliseconds since 1970. */
export interface GovernorSample {
  at: number;
  figures: LoadFigure[];
}

/** The bounds of the number of moves at once. */
export interface GovernorBounds {
  /** Never more than that. */
  ceiling: number;
  /** When the movement began: the longer it lasts, the further apart are the steps up, so that history stays small. */
  startedAt: number;
}

/** The state after a sample, and the change of the number of moves, if there is one. */
export interface GovernorVerdict {
  state: GovernorState;
  change?: { parallelMoves: number; reason: string };
}

/** A figure is low below this share of its limit; between that and the limit nothing changes. */
const lowMark = 0.7;
/** A sample that is so many times over the limit is enough by itself. */
const farOver = 2;
/** Two samples over the limit, unless calm ones lie between them. */
const hot = 4;
const leastDownMs = 4_000;
/** A step up: so many calm samples, and so long after the change before. */
const up = { samples: 5, ms: 20_000 };
const firstUp = { samples: 2, ms: 2_000 };

/** A load that is over its limit from the beginning isn't waited for. */
export function newGovernor(parallelMoves: number, at: number): GovernorState {
  return stateFrom(parallelMoves, at - leastDownMs, false);
}

function stateFrom(parallelMoves: number, at: number, met: boolean): GovernorState {
  return { parallelMoves, heat: 0, calm: 0, changedAt: at, met };
}

/** Decides after each sample how many moves at once the load allows. */
export function govern(
  before: GovernorState,
  { at, figures }: GovernorSample,
  { ceiling, startedAt }: GovernorBounds,
): GovernorVerdict {
  const [worst] = [...figures].sort((a, b) => shareOf(b) - shareOf(a));
  if (!worst) return { state: { ...before, calm: 0 } };
  const share = shareOf(worst);
  const state: GovernorState = {
    ...before,
    heat: share >= farOver ? hot : Math.max(0, Math.min(hot, before.heat + stepOf(share))),
    calm: share < lowMark ? before.calm + 1 : 0,
  };
  const current = state.parallelMoves;
  const since = at - state.changedAt;
  const verdict = (parallelMoves: number, reason: string): GovernorVerdict => ({
    state: stateFrom(parallelMoves, at, state.met || parallelMoves < current),
    change: { parallelMoves, reason },
  });
  if (state.heat >= hot && share >= 1 && current > 0 && since >= leastDownMs) {
    return verdict(Math.floor(current / 2), `${describeFigure(worst)} is over ${limitOf(worst)}`);
  }
  const step = state.met ? { ...up, ms: Math.max(up.ms, (at - startedAt) / 100) } : firstUp;
  if (state.calm >= step.samples && current < ceiling && since >= step.ms) {
    return verdict(current + 1, `${describeFigure(worst)} is well below ${limitOf(worst)}`);
  }
  return { state };
}

function shareOf({ value, limit }: LoadFigure): number {
  return value / limit;
}

function stepOf(share: number): number {
  if (share >= 1) return hot / 2;
  return share < lowMark ? -1 : 0;
}

const words: Record<GovernorLimit, { name: string; unit: string }> = {
  maxStatementSeconds: { name: 'the longest statement', unit: ' s' },
  maxCpuPressure: { name: 'CPU pressure', unit: ' %' },
  maxMeanStatementMs: { name: 'the mean statement', unit: ' ms' },
  maxLag: { name: 'the replication lag', unit: ' bytes' },
};

/** `the longest statement (3.2 s)` */
function describeFigure({ limitedBy, value }: LoadFigure): string {
  return `${words[limitedBy].name} (${roundFigure(value)}${words[limitedBy].unit})`;
}

function limitOf({ limitedBy, limit }: LoadFigure): string {
  return `${limitedBy} (${roundFigure(limit)}${words[limitedBy].unit})`;
}

function roundFigure(value: number): number {
  return Math.round(value * 10) / 10;
}
