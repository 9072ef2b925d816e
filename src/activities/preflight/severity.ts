import { blocks, checkFacts, type Check } from '../../contract/index.js';

/** Turns blockers that the request accepts by their ids into warnings. */
export function applyAcceptance(checks: Check[], ids: readonly string[]): Check[] {
  return checks.map((check) =>
    blocks(check) && ids.includes(check.id)
      ? { ...check, severity: 'warning', evidence: `${check.evidence} (accepted by the request)` }
      : check,
  );
}

/** Turns a blocker that doesn't hinder the removal of leftovers into a warning. */
export function easeForCleaning(check: Check): Check {
  return check.severity === 'blocker' && checkFacts(check.id).lessForCleaning
    ? { ...check, severity: 'warning' }
    : check;
}
