import type { OperationStatus } from '../../contract/index.js';

/** A rate is taken over this much time: steady enough to read, quick enough to tell when moves stall. */
const windowMs = 30_000;
/** Below this there is too little to say anything. */
const leastMs = 2_000;

interface Sample {
  at: number;
  done: number;
}

/**
 * Turns successive samples of one operation's progress into a rate and the time left. Figures never run backwards:
 * a batch that ends between two looks counts for a moment in neither.
 */
export function rateMeter(): (status: OperationStatus, now?: number) => OperationStatus {
  let samples: Sample[] = [];
  let total = -1;
  return (status, now = Date.now()) => {
    const { progress } = status;
    if (!progress) return status;
    if (progress.total !== total) {
      total = progress.total;
      samples = [];
    }
    const done = Math.max(progress.done, samples.at(-1)?.done ?? 0);
    samples = [...samples.filter(({ at }) => now - at <= windowMs), { at: now, done }];
    const percent = progress.total > 0 ? Math.floor((100 * done) / progress.total) : progress.percent;
    return {
      ...status,
      progress: { ...progress, done, percent, ...rateOf(samples, progress, status.state) },
    };
  };
}

function rateOf(
  samples: Sample[],
  progress: NonNullable<OperationStatus['progress']>,
  state: OperationStatus['state'],
): { bytesPerSecond?: number; etaSeconds?: number } {
  const first = samples[0];
  const last = samples.at(-1);
  if (state !== 'running' || !first || !last || last.at - first.at < leastMs) return {};
  const perSecond = ((last.done - first.done) * 1_000) / (last.at - first.at);
  if (perSecond <= 0) return {};
  return {
    ...(progress.basis === 'bytes' && { bytesPerSecond: Math.round(perSecond) }),
    etaSeconds: Math.ceil((progress.total - last.done) / perSecond),
  };
}
