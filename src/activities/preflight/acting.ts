import { withCoordinator, type Db } from '../../citus/session/connect.js';
import { readOwnerNames } from '../../citus/roles/owners.js';
import type { ClusterConfig } from '../../config/index.js';
import type { Check } from '../../contract/index.js';
import { readSession } from '../runtime/context.js';
import { cannotActAs, rightsChecks, type Deeds } from './rights/rights.js';
import { serverChecks } from './servers/server-checks.js';

/**
 * Checks what the acting role may do, and what the sessions are like that nodes have with each other for it. It asks as
 * that role, which the reader need not be.
 *
 * @param db the reader's session on the coordinator
 */
export async function actingChecks(
  db: Db,
  cluster: ClusterConfig,
  reader: 'operator' | 'observer',
  deeds: Deeds,
): Promise<Check[]> {
  if (reader === 'operator' || cluster.observer === undefined) return checksAs(db, cluster, deeds);
  try {
    return await withCoordinator(cluster, readSession('preflight'), (own) => checksAs(own, cluster, deeds));
  } catch (error) {
    return [cannotActAs(cluster.user, error)];
  }
}

async function checksAs(db: Db, cluster: ClusterConfig, deeds: Deeds): Promise<Check[]> {
  const { takers, moves } = deeds;
  const owners = moves ? await readOwnerNames(db) : [];
  const { checks, refused } = await serverChecks(db, cluster, { ...deeds, owners, dataNodes: takers });
  return [...(await rightsChecks(db, deeds, refused)), ...checks];
}
