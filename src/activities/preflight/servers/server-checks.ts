import type { NodeCapacity } from '../../../citus/nodes/capacity.js';
import { readChangesBlock, readConditions } from '../../../citus/nodes/conditions.js';
import { readMoveRoles, type MoveRole } from '../../../citus/roles/move-roles.js';
import { readOwnerNames } from '../../../citus/roles/owners.js';
import {
  readRoleSessions,
  type RefusedSession,
  type RoleSession,
} from '../../../citus/roles/role-sessions.js';
import type { Db } from '../../../citus/session/connect.js';
import type { ClusterConfig } from '../../../config/index.js';
import type { Check } from '../../../contract/index.js';
import { connectionLimits } from './connection-limits.js';
import { harmfulNames } from './harmful-settings.js';
import {
  baseBackups,
  changeConsumers,
  changesBlock,
  eventTriggers,
  synchronousStandbys,
} from './server-conditions.js';
import { nodeLogins } from './node-logins.js';
import { nodePorts } from './node-ports.js';
import { sessionSettings } from './session-settings.js';
import { walRoom } from './wal-room.js';

/** The work that servers are to do for each other. */
export interface ServerWork {
  /** Servers to ask: they answer. */
  nodes: string[];
  /** Those of them that give or take shards, or join. */
  dataNodes: string[];
  moves: boolean;
  registers: boolean;
  /** They are yet to join: owners of tables need not be there, and those that are may have been given something. */
  joins?: true;
  /** Owners of tables that move. */
  owners: string[];
  /** Moves at once. */
  atOnce: number;
  online: boolean;
  /** Bytes of the largest shard group; absent: unknown. */
  largestBytes?: number;
  capacities: NodeCapacity[];
}

/**
 * Checks what the servers are like for the roles as which they work for each other, and what a move would cost there.
 *
 * @param db a session of the acting role on the coordinator
 */
export async function serverChecks(
  db: Db,
  cluster: ClusterConfig,
  work: ServerWork,
): Promise<{ checks: Check[]; refused: RefusedSession[] }> {
  const { nodes, moves, registers, owners, atOnce, online, largestBytes, capacities } = work;
  const { database } = cluster;
  const roles = await readMoveRoles(db, owners);
  const { sessions: all, refused } = await readRoleSessions(
    db,
    work.joins ? roles.map(unusableOwner) : roles,
    nodes,
    harmfulNames,
  );
  const sessions = work.joins ? all.filter(({ role }) => !isOwnerAlone(role)) : all;
  const conditions = await readConditions(db, nodes);
  const dataNodes = new Set(moves || registers ? work.dataNodes : []);
  const givers = conditions.filter(({ node }) => dataNodes.has(node));
  const checks = [
    sessionSettings(work.joins ? [...sessions, ...all.flatMap(givenToOwner)] : sessions, {
      database,
      dataNodes,
      largestBytes,
    }),
    synchronousStandbys(conditions),
    ...changesBlock(await readChangesBlock(db)),
    ...(moves || registers ? [await eventTriggers(db, conditions)] : []),
    ...(moves
      ? [
          await nodePorts(db, cluster, givers, online),
          ...(nodes.length > 1 ? [await nodeLogins(db, cluster, roles, [...dataNodes])] : []),
          connectionLimits(sessions, conditions, { database, dataNodes, moves: atOnce }),
          ...baseBackups(conditions),
          ...changeConsumers(givers),
          ...(online && largestBytes !== undefined ? [walRoom(givers, capacities, largestBytes)] : []),
        ]
      : []),
  ];
  return { checks, refused };
}

function isOwnerAlone({ parts }: MoveRole): boolean {
  return parts.every((part) => part === 'table owner');
}

/** Nobody tries to log in as who need not be there: what it was given is read. */
function unusableOwner(role: MoveRole): MoveRole {
  return isOwnerAlone(role) ? { ...role, usable: false } : role;
}

/** What an owner that is there already was given there: Citus alters the role, and leaves that as it is (measured, docs/citus.md). */
function givenToOwner(session: RoleSession): RoleSession[] {
  const isGiven = (source: string | null): boolean => source === 'user' || source === 'database user';
  if (!isOwnerAlone(session.role)) return [];
  const settings = session.settings.filter(({ source }) => isGiven(source));
  const actsAs = isGiven(session.actsAsBy) ? session.actsAs : null;
  return settings.length > 0 || actsAs !== null ? [{ ...session, actsAs, settings }] : [];
}

/** What a server lacks that is to join: what passes there is left out, since all else says it of the cluster. */
export async function newServerChecks(
  db: Db,
  cluster: ClusterConfig,
  { node, atOnce, online }: { node: string; atOnce: number; online: boolean },
): Promise<Check[]> {
  const { checks } = await serverChecks(db, cluster, {
    nodes: [node],
    dataNodes: [node],
    moves: true,
    registers: true,
    joins: true,
    owners: await readOwnerNames(db),
    atOnce,
    online,
    capacities: [],
  });
  return checks.filter(({ ok, id }) => !ok && id !== 'cluster-changes');
}
