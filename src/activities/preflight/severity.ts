import { blocks, checkFacts, type Check } from '../../contract/index.js';
import type { Intent } from './intent.js';

/** Turns blockers that the request accepts by their ids into warnings. */
export function applyAcceptance(checks: Check[], ids: readonly string[]): Check[] {
  return checks.map((check) =>
    blocks(check) && check.acceptable !== false && ids.includes(check.id)
      ? { ...check, severity: 'warning', evidence: `${check.evidence} (accepted by the request)` }
      : check,
  );
}

/** Turns a blocker that doesn't hinder an operation which moves and registers nothing into a warning. */
export function easeFor({ cleans, isolating, rescuing }: Intent, check: Check): Check {
  const { lessForCleaning = false, lessForTheDead = false } = checkFacts(check.id);
  const isLess =
    (cleans && lessForCleaning) || ((isolating !== undefined || rescuing.length > 0) && lessForTheDead);
  return isLess && check.severity === 'blocker' ? { ...check, severity: 'warning' } : check;
}
