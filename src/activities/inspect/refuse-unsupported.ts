import type { Db } from '../../citus/session/connect.js';
import { readServerFacts } from '../../citus/nodes/server-facts.js';
import { blocks } from '../../contract/index.js';
import { refused } from '../../failures.js';
import { isCoordinator, supportedVersions } from '../preflight/cluster/coordinator.js';

/**
 * Says that a server can't be asked because it is no coordinator or its Citus is too old: what is asked next would fail
 * with a column or function that is missing there.
 *
 * @throws PreflightRefused
 */
export async function refuseUnsupported(db: Db, cluster: string): Promise<void> {
  const facts = await readServerFacts(db);
  const check = isCoordinator(facts).ok ? supportedVersions(facts) : isCoordinator(facts);
  if (!blocks(check)) return;
  throw refused('PreflightRefused', `${cluster} can't be asked: ${check.evidence}`, {
    cluster,
    evidence: [`${check.id}: ${check.evidence}`],
    remedies: check.remedy === undefined ? [] : [check.remedy],
  });
}
