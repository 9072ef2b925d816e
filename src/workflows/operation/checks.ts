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
  const blockers = blockersIn(checks);
  const [first] = blockers;
  if (!first) return;
  const foreign = blockers.find(({ id }) => id === 'foreign-job');
  const more = blockers.length > 1 ? ` (and ${blockers.length - 1} more)` : '';
  throw refused(
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
