import { withCoordinator, type Db } from '../../citus/session/connect.js';
import { readMoveRoles } from '../../citus/roles/move-roles.js';
import { readOwnerNames } from '../../citus/roles/owners.js';
import { readRoleSessions } from '../../citus/roles/role-sessions.js';
import type { ClusterConfig } from '../../config/index.js';
import type { Check } from '../../contract/index.js';
import { readSession } from '../runtime/context.js';
import { cannotActAs, rightsChecks, type Deeds } from './rights/rights.js';
import { roleLimits } from './servers/connection-limits.js';
import { harmfulNames } from './servers/harmful-settings.js';
import { sessionSettings } from './servers/session-settings.js';

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

async function checksAs(db: Db, { database }: ClusterConfig, deeds: Deeds): Promise<Check[]> {
  const { atOnce, largestBytes, moves, nodes, takers } = deeds;
  const roles = await readMoveRoles(db, moves ? await readOwnerNames(db) : []);
  const { sessions, refused } = await readRoleSessions(db, roles, nodes, harmfulNames);
  const dataNodes = new Set(moves || deeds.registers ? takers : []);
  return [
    ...(await rightsChecks(db, deeds, refused)),
    sessionSettings(sessions, { database, dataNodes, largestBytes }),
    ...(moves ? [roleLimits(sessions, dataNodes, atOnce)] : []),
  ];
}
