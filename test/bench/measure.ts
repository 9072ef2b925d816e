import type { Flavour } from '../../sandbox/index.js';

/** A goal for one figure; `ratio` figures come from one run, so that a slow machine doesn't matter. */
export interface Figure {
  what: string;
  value: number;
  unit: 'times' | 's' | 'ms' | 'MB' | 'KB' | 'events' | 'failed';
  /** Met when the value is at least (`times` faster) or at most this. Absent: told, not judged. */
  goal?: { atLeast: number } | { atMost: number };
  /** What the figure is made of, for whoever doubts it. */
  detail?: string;
}

export interface Measure {
  name: string;
  /** Flavours it says something on: what PostgreSQL and Citus do is only measured on the real thing. */
  flavours: readonly Flavour[];
  run: (flavour: Flavour) => Promise<Figure[]>;
}

export function isMet({ value, goal }: Figure): boolean | undefined {
  if (!goal) return undefined;
  return 'atLeast' in goal ? value >= goal.atLeast : value <= goal.atMost;
}

/** Seconds that some work takes, with what it answers. */
export async function timed<T>(work: () => Promise<T>): Promise<{ seconds: number; result: T }> {
  const began = performance.now();
  const result = await work();
  return { seconds: (performance.now() - began) / 1000, result };
}
