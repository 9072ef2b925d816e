/** The histories that record.ts keeps: the main paths, and a lock keeper. */
export const recorded = [
  'approved',
  'busy',
  'cancelled',
  'cleaned',
  'drained',
  'lockCluster',
  'terminated-lockCluster',
  'holder',
  'invalid',
  'patient',
  'paused',
  'paused-early',
  'rebalanced',
  'refused',
  'removed',
  'undone',
  'windowed',
  'windowed-drain',
  'worker-killed',
] as const;
export type Recorded = (typeof recorded)[number];
