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

/** A new phase, more bytes there, or, once it catches up, fewer bytes behind. Silence of Citus is no progress. */
export function isFurther(now: Standing, best: Standing): boolean {
  if (now.phase === '') return false;
  if (now.phase !== best.phase) return true;
  if (now.lagBytes === undefined) return now.copiedBytes > best.copiedBytes;
  return best.lagBytes === undefined || now.lagBytes < best.lagBytes;
}
