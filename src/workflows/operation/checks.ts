import { blocks, checkFacts, type Check } from '../../contract/index.js';
import { refused } from '../../failures.js';

/** Whether the checks leave anything to plan. */
export function canBePlanned(checks: Check[]): boolean {
  return !checks.some((check) => blocks(check) && checkFacts(check.id).essential);
}

/** The checks that block. */
export function blockersIn(checks: Check[]): Check[] {
  return checks.filter(blocks);
}

/**
 * Ends the operation when a check blocks.
 * @throws PreflightRefused, or ForeignJobRunning when a job of others is among the blockers
 */
export function refuseBlockers(cluster: string, checks: Check[]): void {
  const [first, ...others] = blockersIn(checks);
  if (first) throw blockedBy(cluster, first, others);
}

/** The failure of an operation that checks block: PreflightRefused, or ForeignJobRunning. */
export function blockedBy(cluster: string, first: Check, others: Check[] = []): Error {
  const blockers = [first, ...others];
  const foreign = blockers.find(({ id }) => id === 'foreign-job');
  const more = blockers.length > 1 ? ` (and ${blockers.length - 1} more)` : '';
  return refused(
    foreign ? 'ForeignJobRunning' : 'PreflightRefused',
    foreign
      ? `${cluster} is being changed by someone else: ${foreign.evidence}`
      : `${cluster} isn't ready: ${first.id}: ${first.evidence}${more}`,
    {
      cluster,
      evidence: blockers.map(({ id, evidence }) => `${id}: ${evidence}`),
      remedies: blockers.flatMap(({ remedy }) => remedy ?? []),
    },
  );
}
