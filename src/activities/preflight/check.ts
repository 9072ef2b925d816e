import { checkFacts, remedyOf, type Advice, type Check, type CheckId } from '../../contract/index.js';

/** A check that went well. It is shown too: a person sees what was looked at. */
export function passed(id: CheckId, evidence: string): Check {
  return { id, severity: 'info', ok: true, evidence };
}

/** A check that failed, with the severity of its row in the table of checks. */
export function failed(id: CheckId, evidence: string, remedy: Advice): Check {
  return { id, severity: checkFacts(id).severity, ok: false, evidence, remedy: remedyOf(remedy) };
}

/** A check that failed, and that nobody may accept in this case: the operation would only try for ever. */
export function unacceptable(id: CheckId, evidence: string, remedy: Advice): Check {
  return { ...failed(id, evidence, remedy), acceptable: false };
}

/** A check that failed and matters less than usual: what would block is a warning here. */
export function warning(id: CheckId, evidence: string, remedy: Advice): Check {
  return { id, severity: 'warning', ok: false, evidence, remedy: remedyOf(remedy) };
}

/** `a, b, c and 4 more`; each is cut at 300 characters, so that no server can fill an answer with its message. */
export function listOf(names: readonly string[], most = 10): string {
  const text = names
    .slice(0, most)
    .map((name) => (name.length > 300 ? `${name.slice(0, 299)}…` : name))
    .join(', ');
  return names.length > most ? `${text} and ${names.length - most} more` : text;
}
