import type { Check } from '../contract/index.js';

/** The order in which checks are shown: what blocks first, what passed last. */
export function worstFirst(checks: Check[]): Check[] {
  const weight = ({ severity, ok }: Check): number =>
    ok ? 0 : { blocker: 3, warning: 2, info: 1 }[severity];
  return [...checks].sort((a, b) => weight(b) - weight(a));
}
