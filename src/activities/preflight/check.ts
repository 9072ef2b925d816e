import { remedyOf, type Advice, type Check } from '../../contract/index.js';

/** What went well is shown too: a person sees what was looked at. */
export function passed(id: string, evidence: string): Check {
  return { id, severity: 'info', ok: true, evidence };
}

export function blocker(id: string, evidence: string, remedy: Advice): Check {
  return { id, severity: 'blocker', ok: false, evidence, remedy: remedyOf(remedy) };
}

export function warning(id: string, evidence: string, remedy: Advice): Check {
  return { id, severity: 'warning', ok: false, evidence, remedy: remedyOf(remedy) };
}

/** Nothing is wrong, but it isn't quite as one would have it. */
export function noted(id: string, evidence: string, remedy: Advice): Check {
  return { id, severity: 'info', ok: false, evidence, remedy: remedyOf(remedy) };
}

/** `a, b, c and 4 more`; each is cut at 300 characters, so that no server can fill an answer with its message. */
export function listed(names: readonly string[], most = 10): string {
  const shown = names
    .slice(0, most)
    .map((name) => (name.length > 300 ? `${name.slice(0, 299)}…` : name))
    .join(', ');
  return names.length > most ? `${shown} and ${names.length - most} more` : shown;
}
