import type { Check } from '../../contract/index.js';

/** Blockers that the request names are warnings. */
export function accepted(checks: Check[], ids: readonly string[]): Check[] {
  return checks.map((check) =>
    check.severity === 'blocker' && !check.ok && ids.includes(check.id)
      ? { ...check, severity: 'warning', evidence: `${check.evidence} (accepted by the request)` }
      : check,
  );
}

/** What doesn't hinder the removal of leftovers: what is away is told, and nothing is moved or registered. */
const mattersLess = ['metadata-synced', 'nodes-active', 'patroni', 'versions'];

export function ofCleaning(check: Check): Check {
  return check.severity === 'blocker' && mattersLess.includes(check.id)
    ? { ...check, severity: 'warning' }
    : check;
}
