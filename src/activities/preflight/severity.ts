import { blocks, checkFacts, type Check } from '../../contract/index.js';

/** Blockers that the request names are warnings. */
export function applyAcceptance(checks: Check[], ids: readonly string[]): Check[] {
  return checks.map((check) =>
    blocks(check) && ids.includes(check.id)
      ? { ...check, severity: 'warning', evidence: `${check.evidence} (accepted by the request)` }
      : check,
  );
}

/** What doesn't hinder the removal of leftovers is told as a warning. */
export function easeForCleaning(check: Check): Check {
  return check.severity === 'blocker' && checkFacts(check.id).lessForCleaning
    ? { ...check, severity: 'warning' }
    : check;
}
