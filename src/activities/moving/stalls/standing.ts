import type { MoveProgress } from '../../../citus/moving/moves.js';

/** The progress of a statement at a time, in milliseconds since 1970. */
export interface Standing {
  at: number;
  phase: string;
  copiedBytes: number;
  lagBytes?: number;
}

/** The standing that Citus's progress means; an empty phase when it tells nothing. */
export function standingOf(progress: MoveProgress | undefined, at: number): Standing {
  const { phase = '', copiedBytes = 0, lagBytes = null } = progress ?? {};
  return { at, phase, copiedBytes, ...(lagBytes !== null && { lagBytes }) };
}

/**
 * A new phase, more bytes there, or, once it catches up, fewer bytes behind than ever. Silence of Citus is no progress,
 * nor is a lag that comes and goes with a worker that fails.
 */
export function isFurther(now: Standing, best: Standing): boolean {
  if (now.phase === '') return false;
  if (now.phase !== best.phase) return true;
  if (best.lagBytes !== undefined) return now.lagBytes !== undefined && now.lagBytes < best.lagBytes;
  return now.lagBytes !== undefined || now.copiedBytes > best.copiedBytes;
}

/** The better of two: within a phase the smallest lag is kept. */
export function keepBest(now: Standing, best: Standing | undefined): Standing {
  const lag = now.phase === best?.phase ? (now.lagBytes ?? best.lagBytes) : now.lagBytes;
  return { ...now, ...(lag !== undefined && { lagBytes: lag }) };
}
